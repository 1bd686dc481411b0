#!/usr/bin/env bash
# environment.sh FOLDER: a Windows Python 3.12 with Windows wheels under wine, from Debian and PyPI alone.
#
# For root on Debian or Ubuntu; takes about eight minutes and 6 GB the first time, and goes on where it was cut off.
# Then `FOLDER/python ARGUMENTS` is that Python; it sees this machine's files as drive Z:.
set -euo pipefail
here=$(dirname "$(realpath "$0")"); project=$(realpath "$here/../..")
mkdir -p "$1"; cd "$1"; folder=$PWD
[ "$(id -u)" = 0 ] || { echo "this makes a chroot, so it needs root" >&2; exit 1; }
host=x86_64-w64-mingw32

stage() {  # stage NAME: whether it is still to be done; `done_ NAME` notes that it is.
    [ ! -e ".$1.done" ] && echo "windows: $1 ..."
}
done_() { touch ".$1.done"; }

if stage tools; then
    apt-get -o DPkg::Lock::Timeout=600 update -qq
    apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends debootstrap gcc-mingw-w64-x86-64-win32 unzip >/dev/null
    done_ tools
fi
if stage wine; then  # wine 10 of Debian 13; older ones lack what torch calls
    mirror=$(apt-cache policy | grep -oE 'https?://[^ ]+' | grep -v security | head -n 1)
    [ -e root/usr/bin/apt-get ] || debootstrap --variant=minbase --include=ca-certificates trixie "$folder/root" "$mirror" >debootstrap.log
    chroot root apt-get install -y -qq --no-install-recommends wine wine64 >/dev/null
    done_ wine
fi
if stage python; then
    rm -rf python312; mkdir -p python312/DLLs python312/Lib wheels
    # The wheel of panda3d brings python.org's python312.dll and standard modules, for programs that it packs.
    python3 -m pip download -q --platform win_amd64 --python-version 3.12 --only-binary=:all: --no-deps -d wheels/python panda3d==1.10.16
    unzip -q -o -j wheels/python/panda3d-*.whl 'deploy_libs/*' -d python312/DLLs
    rm -f python312/DLLs/api-ms-* python312/DLLs/_wmi.pyd
    mv python312/DLLs/python312.dll python312/DLLs/VCRUNTIME140*.dll python312/
    # The library in Python is that of any 3.12 of this machine.
    library=
    for python in python3.12 "$HOME"/.pyenv/versions/3.12*/bin/python3; do
        library=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))' 2>/dev/null) && break
    done
    [ -n "$library" ] || { echo "a Python 3.12 of this machine is needed for its library" >&2; exit 1; }
    cp -r "$library/." python312/Lib/
    rm -rf python312/Lib/lib-dynload python312/Lib/test python312/Lib/config-* python312/Lib/site-packages
    mkdir python312/Lib/site-packages
    $host-gcc -municode "$here/python.c" python312/python312.dll -o python312/python.exe
    $host-gcc -municode -mwindows "$here/pythonw.c" python312/python312.dll -o python312/pythonw.exe
    {
        printf 'LIBRARY python3.dll\nEXPORTS\n'
        $host-objdump -p python312/python312.dll |
            awk '/\[Ordinal\/Name Pointer\] Table/ {f=1; next} f && /\[/ {print $NF} f && /^$/ {f=0}' |
            grep -E '^_?Py' | sed 's/.*/  & = python312.&/'
    } >python3.def
    $host-gcc -shared -nostdlib -o python312/python3.dll python3.def -Wl,--entry,0
    $host-gcc -shared -o python312/bcryptprimitives.dll "$here/random.c" -ladvapi32
    done_ python
fi
wanted=$(cat "$project/constraints.txt" "$project/pyproject.toml" | sha256sum | cut -c 1-16)
if stage "wheels-$wanted"; then
    [ -x uv/bin/uv ] || { python3 -m venv uv; uv/bin/pip install -q uv; }
    uv/bin/uv pip compile --no-config -q --python-platform windows --python-version 3.12 --only-binary :all: \
        -c "$project/constraints.txt" --extra test "$project/pyproject.toml" -o requirements.txt
    sed -i -e '/^playwright/d' -e '/^axe-playwright/d' requirements.txt  # no browser runs there
    for_windows="--platform win_amd64 --python-version 3.12 --implementation cp --abi cp312 --abi abi3 --abi none --only-binary=:all: --no-deps"
    python3 -m pip download -q $for_windows -d "wheels/$wanted" -r requirements.txt
    rm -rf python312/Lib/site-packages; mkdir python312/Lib/site-packages
    python3 -m pip install -q --no-index --find-links "wheels/$wanted" --no-compile $for_windows \
        --target python312/Lib/site-packages -r requirements.txt
    # What the package says of itself; its modules are those of the project.
    python3 -m pip install -q --no-deps --no-compile --target python312/Lib/site-packages "$project"
    rm -rf python312/Lib/site-packages/hotfolder
    # wine's C library lacks functions of complex numbers that numpy and torch ask for.
    python3 "$here/complex_functions.py" python312 complex
    $host-gcc -shared -static -O1 -o python312/xpi-ms-win-crt-math-l1-1-0.dll complex.c complex.def
    done_ "wheels-$wanted"
fi
cat >python <<END
#!/bin/sh
# The Windows Python, in the present folder. What is mounted for it goes when it ends.
exec unshare --mount --propagation private sh -c '
    for place in /dev /proc /sys $folder $project; do
        mkdir -p $folder/root\$place && mount --rbind \$place $folder/root\$place || exit 1
    done
    exec chroot $folder/root /usr/bin/env -i HOME=/root PATH=/usr/bin:/bin LANG=C.UTF-8 \\
        WINEPREFIX=$folder/prefix WINEARCH=win64 "WINEDEBUG=\${WINEDEBUG:--all}" \\
        "WINEDLLOVERRIDES=winemenubuilder.exe=d;mscoree=d;mshtml=d" KMP_AFFINITY=disabled \\
        PYTHONPATH=Z:$project PYTHONUTF8=1 \$WINDOWS_ENV \\
        sh -c "cd \"\$PWD\" && exec wine \"\\\$@\"" wine "\$@"
' sh "\${WINDOWS_PROGRAM:-$folder/python312/python.exe}" "\$@"
END
chmod +x python
