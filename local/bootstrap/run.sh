#!/bin/sh
# Finds a Python that can run the set-up, or installs Debian's, and hands over.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
usable() { [ -x "$1" ] && "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }
find_python() {
    for candidate in /usr/bin/python3.11 /usr/bin/python3 "$(command -v python3 || true)"; do
        if usable "$candidate"; then echo "$candidate"; return; fi
    done
}
python=$(find_python)
if [ -z "$python" ]; then
    echo "installing with apt-get: python3 python3-venv"
    root=''
    [ "$(id -u)" -eq 0 ] || root=sudo
    command -v apt-get >/dev/null || { echo "gridseal: no Python 3.11 to 3.13 here, and no apt-get to install one" >&2; exit 1; }
    $root apt-get update -q >/dev/null && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q python3 python3-venv >/dev/null || {
        echo "gridseal: apt-get could not install python3 and python3-venv: run it by hand to see why" >&2; exit 1; }
    python=$(find_python)
fi
exec "$python" "$here" "$@"
