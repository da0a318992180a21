#!/bin/sh
# Unpacks Debian's PyTorch with a threaded OpenBLAS into a folder and runs compare.py with it; nothing is installed.
# usage: debian.sh <folder> [arguments of compare.py]
set -e
folder=$1
shift
if [ ! -d "$folder/usr/lib/python3/dist-packages/torch" ]; then
    mkdir -p "$folder/archives/partial"
    apt-get -qq -o Dir::Cache::archives="$folder/archives/" -y --no-install-recommends --download-only install python3-torch libopenblas0-pthread
    for package in "$folder"/archives/*.deb; do
        dpkg -x "$package" "$folder"
    done
fi
system=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)
export LD_LIBRARY_PATH="$folder/usr/lib/$system:$folder/usr/lib/$system/openblas-pthread:$folder/usr/lib:$folder/lib/$system"
export PYTHONPATH="$folder/usr/lib/python3/dist-packages"
# OpenBLAS takes its own number of threads, which torch does not set.
case " $* " in *" --threads 1 "*) export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 ;; esac
exec /usr/bin/python3 "$(dirname "$0")/compare.py" "$@"
