# Sourced by the scripts: finds a Python 3.11 or newer, and the environments that environment.py makes with it.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

find_python() {
    local candidate
    for candidate in ${ODRADEK_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "odradek: no Python 3.11 or newer found; set ODRADEK_PYTHON to one" >&2
    return 1
}

# environment NAME: prints the interpreter of that environment, made on first use.
environment() {
    local python
    python="$(find_python)" && "$python" "$root/scripts/lib/environment.py" "$@"
}
