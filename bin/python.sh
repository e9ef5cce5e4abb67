# Sourced by the other programs here: the repository, its Python, and a clear sentence where either is missing.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
python="$root/.venv/bin/python"
say() { printf '%s\n' "$*" >&2; }

# help FILE: prints the comment at the top of a program.
help() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p;}' "$1"; exit 0; }

# fit PYTHON: it is 3.11 or newer and can make virtual environments.
fit() { "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null && fit "$candidate"; then command -v "$candidate"; return; fi
    done
    say "Regulars needs Python 3.11 or newer with its venv module, and found none."
    say "Install it (Debian and Ubuntu: apt install python3 python3-venv) or name it: PYTHON=/path/to/python3 bin/setup"
    return 1
}

need_setup() {
    [ -x "$python" ] && [ -e "$root/.venv/.regulars" ] && return
    say "Regulars is not set up here yet. Run: bin/setup"
    exit 1
}
