#!/bin/sh
# For macOS: a double click opens a terminal with this.
exec "$(dirname "$0")/start.sh" "$@"
