#!/bin/bash
# base-image.sh TAG FOLDER: a stand-in for the official Debian image out of Debian's own packages, where no registry is.
# Root only. The machine's certificates and pip.conf go in, so that RUN apt-get, pip and npm find what the machine
# finds: never publish such an image, and never call it the official one.
set -euo pipefail
tag=$1 folder=$2 root=$2/root
sources=/etc/apt/sources.list.d/debian.sources
address=$(awk '/^URIs:/ { print $2; exit }' "$sources")
security=$(awk '/^URIs:/ { u = $2 } /^Suites:.*security/ { print u; exit }' "$sources")
mkdir -p "$folder"
debootstrap --variant=minbase --include=ca-certificates,netbase,tzdata bookworm "$root" "$address" > "$folder/debootstrap.log"
cat > "$root/etc/apt/sources.list" <<S
deb $address bookworm main
deb $address bookworm-updates main
deb $security bookworm-security main
S
printf '%s\n' 'path-exclude /usr/share/doc/*' 'path-exclude /usr/share/man/*' 'path-exclude /usr/share/locale/*' \
    > "$root/etc/dpkg/dpkg.cfg.d/slim"
# As in official images: no package file stays in a layer.
echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb"; };' > "$root/etc/apt/apt.conf.d/docker-clean"
cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2> /dev/null || true
chroot "$root" update-ca-certificates > /dev/null
[ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/pip.conf"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
container=$(buildah from scratch)
buildah add -q "$container" "$root" / > /dev/null
buildah config --env PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin --env LANG=C.UTF-8 "$container"
buildah commit -q --rm "$container" "$tag" > /dev/null
rm -rf "$root"
