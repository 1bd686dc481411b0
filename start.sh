#!/bin/sh
# Sets hotfolder up beside this file and starts it; later, just starts it. For Linux and macOS.
# Nothing outside this folder is changed, except the studio: Pictures/hotfolder, or the folder named.
#
#     ./start.sh [STUDIO]
#
# HOTFOLDER_TORCH chooses torch's build: auto (default), cpu, cu126, rocm6.4 ...
# HOTFOLDER_ROOM says how many GB must be free for that: 8 (default).

set -u
cd "$(dirname "$0")" || exit 1
here=$(pwd)
python="$here/.venv/bin/python"

fail() {
    printf '\n%s\n' "$1" >&2
    [ -t 0 ] && { printf 'Press Enter to close this window. '; read -r _; }
    exit 1
}

free_gb=$(df -Pk . | awk 'NR == 2 { print int($4 / 1048576) }')
room=${HOTFOLDER_ROOM:-8}
log="$here/setup.log"

find_uv() {
    for candidate in "$here/.uv/uv" "$HOME/.local/bin/uv"; do
        [ -x "$candidate" ] && { echo "$candidate"; return; }
    done
    command -v uv
}

get_uv() {
    if command -v curl >/dev/null; then
        curl -LsSf https://astral.sh/uv/install.sh 2>>"$log" |
            env UV_INSTALL_DIR="$here/.uv" UV_NO_MODIFY_PATH=1 sh >>"$log" 2>&1
    fi
    find_uv >/dev/null
}

# A Python of 3.11 or later that is here already.
find_python() {
    for name in python3.13 python3.12 python3.11 python3; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

# What is needed, by a uv: with the torch for this card, or where its index is out of reach with PyPI's.
with_uv() {
    "$1" pip install --quiet -c constraints.txt --python "$python" --torch-backend "${HOTFOLDER_TORCH:-auto}" . >>"$log" 2>&1 ||
        "$1" pip install --quiet -c constraints.txt --python "$python" . >>"$log" 2>&1
}

set_up() {
    [ "${free_gb:-99}" -ge "$room" ] ||
        fail "Only $free_gb GB are free on this disk; hotfolder needs about $room GB for its libraries. Make room, or move this folder to another disk, and start this again."
    echo "Setting hotfolder up in $here (once; this downloads a few GB and takes some minutes) ..."
    : >"$log"
    if find_uv >/dev/null || get_uv; then
        uv=$(find_uv)
        "$uv" venv --quiet --python 3.12 .venv >>"$log" 2>&1 && with_uv "$uv" && return
        echo "That did not work with uv; trying with the Python of this computer ..."
        rm -rf .venv
    fi
    found=$(find_python) || fail "There is no network, or no Python: connect to the internet and try again, or install Python 3.12 from python.org."
    "$found" -m venv .venv >>"$log" 2>&1 &&
        "$python" -m pip install --quiet --disable-pip-version-check uv >>"$log" 2>&1 &&
        with_uv "$here/.venv/bin/uv" && return
    "$python" -m pip install --quiet --disable-pip-version-check -c constraints.txt . >>"$log" 2>&1 ||
        { rm -rf .venv; tail -n 5 "$log" >&2; fail "hotfolder could not be installed; the reason is above, and $log has all of it. Usually it is the network: try again."; }
}

if ! "$python" -c 'import hotfolder' 2>/dev/null; then
    set_up
    "$python" -c 'import hotfolder' 2>>"$log" ||
        fail "hotfolder is installed but does not start; $log says why. Delete the folder .venv and try again."
fi

pictures=$(command -v xdg-user-dir >/dev/null && xdg-user-dir PICTURES)
# It names the home folder where nobody has said which folder is for pictures.
case "${pictures%/}" in ""|"${HOME%/}") pictures=$HOME/Pictures;; esac
studio=${1:-$pictures/hotfolder}
"$python" -P -m hotfolder init "$studio" || fail "The studio $studio could not be made."
if [ -z "${HOTFOLDER_NO_WINDOW:-}" ]; then
    if command -v xdg-open >/dev/null; then xdg-open "$studio" >/dev/null 2>&1 &
    elif command -v open >/dev/null; then open "$studio"; fi
fi
if [ -n "${HOTFOLDER_ONCE:-}" ]; then exec "$python" -P -m hotfolder run --once "$studio"; fi
exec "$python" -P -m hotfolder run "$studio"
