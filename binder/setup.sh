# shellcheck shell=sh
# What binder/demo, binder/postBuild and tests/run share. Sourced in the checkout's top folder; plain POSIX sh.

# `ip` and friends live in folders that an ordinary user's PATH may lack.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
python=.venv/bin/python

say() { printf '== %s\n' "$*"; }

# stop STATUS SENTENCE
stop() {
    status=$1
    shift
    printf '!! %s\n' "$*" >&2
    exit "$status"
}

can_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" -eq 0 ] || sudo -n true >/dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# A program counts as there however it was installed; a library only as a Debian package.
has() {
    case $1 in
    iproute2) program=ip ;;
    nftables) program=nft ;;
    nodejs) program=node ;;
    sip-tester) program=sipp ;;
    *) program=$1 ;;
    esac
    command -v "$program" >/dev/null 2>&1 && return 0
    command -v dpkg-query >/dev/null 2>&1 || return 1
    dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q ' installed$'
}

# apt_install PACKAGE...; the lists are renewed once a run.
apt_install() {
    say "installing by apt: $*"
    log=$(mktemp) || return 1
    if [ -z "${apt_lists-}" ]; then
        # A third-party source that does not answer must not stop the ones that do.
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >"$log" 2>&1 </dev/null || :
        apt_lists=new
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=120 "$@" >>"$log" 2>&1 </dev/null
    status=$?
    [ "$status" -eq 0 ] || grep '^E:' "$log" >&2
    rm -f "$log"
    return "$status"
}

# debian PACKAGE...: installs what is missing; where it may not, says what to run and goes on.
debian() {
    without=
    for package; do
        has "$package" && continue
        # One by one, so that a package this system lacks does not keep out the others.
        if can_install && apt_install "$package"; then
            # Where systemd runs, Debian starts its own Janus. We bring our own, so the one that we have just
            # installed is turned off; one that was there before is left alone.
            if [ "$package" = janus ] && [ -d /run/systemd/system ]; then
                as_root systemctl disable --now --quiet janus.service || :
                say "the system service janus is off; 'systemctl enable --now janus' turns it on"
            fi
        else
            without="$without $package"
        fi
    done
    [ -z "$without" ] || say "going on without$without; to get it, run as root:" \
        "apt-get update && apt-get install$without"
}

# The packages that a notebook server of ours needs, as repo2docker reads them.
apt_txt() { sed 's/#.*//' binder/apt.txt; }

# Sets $base to the first Python that is new enough; $old to one that is not.
look_for_python() {
    base='' old=''
    for name in "${PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
        found=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            base=$name
            return 0
        fi
        old=${old:-$found}
    done
    return 1
}

find_python() {
    look_for_python || {
        [ -z "$old" ] && can_install && apt_install python3 python3-venv && look_for_python
    } || stop 2 "Python 3.11 or newer is needed; ${old:+this machine has $old; }on Debian 12 or newer," \
        "run as root: apt-get install python3 python3-venv"
    # Debian keeps venv's ensurepip in a package of its own.
    "$base" -c 'import ensurepip, venv' 2>/dev/null || {
        package=$("$base" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        can_install && apt_install "$package" && "$base" -c 'import ensurepip, venv' 2>/dev/null
    } || stop 2 "Python's venv is missing; run as root: apt-get install $package"
}

# environment EXTRA [EXTRA...]: .venv with our package, editable, and the first extra. The others are extras
# that contain it: when one of them is installed and up to date, nothing is done.
environment() {
    if ! "$python" -c '' 2>/dev/null; then
        find_python
        say "making .venv with $("$base" --version)"
        "$base" -m venv --clear .venv || stop 2 "'$base -m venv .venv' failed"
    fi
    # An editable install holds the checkout's path, so a checkout that was moved is installed anew.
    sum=$({ pwd && cat pyproject.toml && grep '^__version__' janus_notebook/__init__.py; } | cksum)
    for extra; do
        [ "$(cat ".venv/installed-$extra" 2>/dev/null)" = "$sum" ] && return 0
    done
    say "installing the package with its extra '$1' into .venv (a few minutes the first time)"
    if ! "$python" -m pip install --quiet --disable-pip-version-check --editable ".[$1]" \
        >.venv/pip.log 2>&1 </dev/null; then
        if grep -qE 'NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Connection(Reset|Refused)?Error' .venv/pip.log; then
            stop 1 "pip could not reach its package index: check the network, or pip's proxy and index settings." \
                "Its words are in .venv/pip.log"
        fi
        grep -E '^ *(ERROR|error):?' .venv/pip.log >&2
        stop 1 "pip could not install the package; all its words are in .venv/pip.log"
    fi
    printf '%s\n' "$sum" >".venv/installed-$1"
}

# JupyterLab's question about its news would lie over the first panel; the answer is for this environment only.
jupyterlab_settings() {
    settings=$("$python" -c 'import sys; print(sys.prefix)')/share/jupyter/lab/settings
    mkdir -p "$settings" &&
        printf '%s\n' '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}' \
            >"$settings/overrides.json"
}

# free_port PORT: prints it, or the first one after it where a server may listen; nothing if there is none.
free_port() {
    "$python" - "$1" <<'EOF'
import socket, sys

first = int(sys.argv[1])
for port in range(first, min(first + 50, 65536)):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(port)
        break
EOF
}

# WebRTC needs an address that is not loopback. Two ends of one cable inside a network namespace give one that
# nothing leaves; the namespace has no name and ends with the last process in it. The default route leads nowhere:
# Janus and browsers learn from it which address is theirs. No name server answers, which a look-up need not wait for.
network='
ip link set lo up &&
ip link add janus0 type veth peer name janus1 &&
ip address add 10.77.0.1/24 dev janus0 &&
ip link set janus0 up &&
ip link set janus1 up &&
ip route add default dev janus0 || exit 125
export RES_OPTIONS="timeout:1 attempts:1"
exec "$@"'

# in_network COMMAND...: becomes the command, in such a namespace if the machine lets us make one.
in_network() {
    if unshare --net sh -c "$network" sh true >/dev/null 2>&1; then
        say "network: a namespace of its own (10.77.0.1), nothing leaves it"
        exec unshare --net sh -c "$network" sh "$@"
    elif unshare --user --map-root-user --net sh -c "$network" sh true >/dev/null 2>&1; then
        say "network: a user's namespace of its own (10.77.0.1), nothing leaves it"
        exec unshare --user --map-root-user --net sh -c "$network" sh "$@"
    fi
    say "network: the machine's own address (a namespace needs root or user namespaces, and iproute2)"
    exec "$@"
}
