# Source me: `source setup.sh`. Makes .venv with the locked packages and exports what ROOT needs to find our headers.
# Works in bash and zsh; sourcing again only sets the environment, `deactivate` takes all of it back.
# `MAPLESS_EXTRAS=hgq2 source setup.sh` adds HGQ2 once, for trainings that learn their bit widths, `dask` Dask, for
# stages on other machines.

if [ -z "${BASH_VERSION:-}${ZSH_VERSION:-}" ]; then
    echo "mapless: source setup.sh in bash or zsh; this shell is neither" >&2
    return 1
fi

_mapless_extra() {  # its name, and what to install
    local name=$1
    shift
    [ -f "$site/$name.pth" ] && return 0
    echo "mapless: installing the extra $name into $site/_$name"
    "$root/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --upgrade --target "$site/_$name" "$@" &&
        echo "_$name" >"$site/$name.pth" || { echo "mapless: the extra was not installed; the lines above say why. Mend it and source setup.sh again" >&2; return 1; }
}
_mapless_setup() {
    local root="" python="" candidate site headers stamp
    if [ -n "${BASH_SOURCE:-}" ]; then root=${BASH_SOURCE[0]}; else eval 'root=${(%):-%x}'; fi
    [ -L "$root" ] && root=$(readlink -f "$root")
    root=$(cd "$(dirname "$root")" && pwd -P)

    if ! command -v g++ >/dev/null 2>&1 && ! command -v clang++ >/dev/null 2>&1; then
        echo "mapless: no C++ compiler found; install one, for example with 'apt install g++'" >&2
        return 1
    fi

    stamp="$root/.venv/requirements.lock"
    if ! cmp -s "$root/requirements.lock" "$stamp"; then
        for candidate in "${MAPLESS_PYTHON:-}" python3 python3.13 python3.12 python3.11; do
            [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
            "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || continue
            python=$candidate
            break
        done
        if [ -z "$python" ]; then
            echo "mapless: needs Python 3.11, 3.12 or 3.13; install one, or name it: export MAPLESS_PYTHON=/path/to/python3.12" >&2
            return 1
        fi
        echo "mapless: installing the locked packages into .venv with $("$python" --version) (about 3 minutes, 4 GB)"
        "$python" -m venv "$root/.venv" || { echo "mapless: '$python -m venv' failed; install the venv module, for example with 'apt install python3-venv'" >&2; return 1; }
        "$root/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-binary pyparser,parse -r "$root/requirements.lock" ||
            { echo "mapless: the installation failed; the lines above say why. Mend it and source setup.sh again" >&2; return 1; }
        cp "$root/requirements.lock" "$stamp"
    fi

    . "$root/.venv/bin/activate"
    if ! typeset -f _mapless_venv_deactivate >/dev/null; then  # sourced again, it stays what was there at first
        _mapless_headers=${ROOT_INCLUDE_PATH:-} _mapless_libraries=${LD_LIBRARY_PATH:-}
        _mapless_modules=${PYTHONPATH:-} _mapless_backend=${KERAS_BACKEND:-}
    fi
    eval "_mapless_venv_$(typeset -f deactivate)"
    deactivate() {
        export ROOT_INCLUDE_PATH=$_mapless_headers LD_LIBRARY_PATH=$_mapless_libraries
        export PYTHONPATH=$_mapless_modules KERAS_BACKEND=$_mapless_backend
        [ -n "$ROOT_INCLUDE_PATH" ] || unset ROOT_INCLUDE_PATH
        [ -n "$LD_LIBRARY_PATH" ] || unset LD_LIBRARY_PATH
        [ -n "$PYTHONPATH" ] || unset PYTHONPATH
        [ -n "$KERAS_BACKEND" ] || unset KERAS_BACKEND
        _mapless_venv_deactivate "$@"
        unset -f _mapless_venv_deactivate
    }
    for site in "$root"/.venv/lib/python3.*/site-packages; do :; done
    # Extras lie in folders of their own behind all others: they bring packages that must not replace ours.
    case "${MAPLESS_EXTRAS:-}" in
        "") ;;
        hgq2) _mapless_extra hgq2 --no-deps hgq2==0.2.0 || return 1 ;;
        dask) _mapless_extra dask dask==2026.8.0 distributed==2026.8.0 dask-jobqueue==0.9.0 || return 1 ;;
        *) echo "mapless: there is no extra '$MAPLESS_EXTRAS'; there are hgq2 and dask" >&2; return 1 ;;
    esac
    headers="$root/selections/cpp:$site/fastjet/include"
    case ":${ROOT_INCLUDE_PATH:-}:" in *":$headers:"*) ;; *) export ROOT_INCLUDE_PATH="$headers${ROOT_INCLUDE_PATH:+:$ROOT_INCLUDE_PATH}" ;; esac
    case ":${LD_LIBRARY_PATH:-}:" in *":$site/fastjet/lib64:"*) ;; *) export LD_LIBRARY_PATH="$site/fastjet/lib64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" ;; esac
    case ":${PYTHONPATH:-}:" in *":$root:"*) ;; *) export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" ;; esac
    export KERAS_BACKEND=tensorflow
    echo "mapless: ready ($("$root/.venv/bin/python" --version), $root). Next: ./run_analysis.py --help"
}
_mapless_setup
_mapless_status=$?
unset -f _mapless_setup _mapless_extra
[ $_mapless_status -eq 0 ] && unset _mapless_status || { unset _mapless_status; return 1 2>/dev/null || false; }
