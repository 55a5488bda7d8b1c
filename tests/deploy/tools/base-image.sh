#!/bin/bash
# base-image.sh TAG FOLDER: a stand-in for an official Python image out of Debian's own packages, where no registry is.
# Root only. The machine's certificates and pip.conf go in, so that RUN apt-get and pip find what the machine finds:
# never publish such an image, and never call it the official one.
set -euo pipefail
tag=$1 folder=$2 root=$2/root
sources=/etc/apt/sources.list.d/debian.sources
address=$(awk '/^URIs:/ { print $2; exit }' "$sources")
security=$(awk '/^URIs:/ { u = $2 } /^Suites:.*security/ { print u; exit }' "$sources")
mkdir -p "$folder"
debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv,netbase,tzdata \
    bookworm "$root" "$address" > "$folder/debootstrap.log"
cat > "$root/etc/apt/sources.list" <<S
deb $address bookworm main
deb $address bookworm-updates main
deb $security bookworm-security main
S
for name in python python3 python3.11; do ln -sf /usr/bin/python3 "$root/usr/local/bin/$name"; done
for name in pip pip3; do ln -sf /usr/bin/pip3 "$root/usr/local/bin/$name"; done
rm -f "$root"/usr/lib/python3.11/EXTERNALLY-MANAGED        # the official image lets pip install without a venv
cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2> /dev/null || true
chroot "$root" update-ca-certificates > /dev/null
[ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/pip.conf"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
find "$root" -name __pycache__ -prune -exec rm -rf {} +
container=$(buildah from scratch)
buildah add -q "$container" "$root" / > /dev/null
buildah config --env PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin --env LANG=C.UTF-8 \
    --cmd '["python3"]' "$container"
buildah commit -q --rm "$container" "$tag" > /dev/null
rm -rf "$root"
