# shellcheck shell=sh
# A Debian in a folder, for tests/release/image and tests/release/elsewhere. Sourced after binder/setup.sh, as root,
# in a mount namespace of its own: what is mounted is gone with the script.

# debian_root FOLDER SUITE PACKAGE...: makes it.
debian_root() {
    folder=$1 suite=$2
    shift 2
    packages=$(printf ',%s' ca-certificates "$@")
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' | head -n 1)
    say "debootstrap: $suite"
    debootstrap --variant=minbase --include="${packages#,}" "$suite" "$folder" "$mirror" >/dev/null
    # This machine's own way to its package indices. A mirror may lag behind.
    for path in /etc/resolv.conf /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
        [ ! -e "$path" ] || cp -L "$path" "$folder$path"
    done
    echo 'Acquire::Check-Valid-Until "false";' >"$folder/etc/apt/apt.conf.d/99-mirror"
}

# debian_mounts FOLDER: what programs expect of a running system.
debian_mounts() {
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
}
