#!/bin/sh
# Installs clawmend @VERSION@ for this user, without root: sh install.sh [FOLDER]
#
# Into ~/.local/bin, or FOLDER. A download is used only if its SHA-256 sum is the one that stands in this
# file. CLAWMEND_DOWNLOADS names another place to download from; the sums stay.
set -eu

version='@VERSION@'
downloads="${CLAWMEND_DOWNLOADS:-@DOWNLOADS@}"
# Sum and name of each archive.
sums='@SUMS@'

fail() {
    printf 'clawmend is not installed: %s\n' "$1" >&2
    [ $# = 1 ] || printf '%s\n' "$2" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

target() {
    case "$(uname -s)/$(uname -m)" in
        Linux/x86_64 | Linux/amd64) echo x86_64-unknown-linux-musl ;;
        Linux/aarch64 | Linux/arm64) echo aarch64-unknown-linux-musl ;;
        Darwin/x86_64) echo x86_64-apple-darwin ;;
        Darwin/arm64) echo aarch64-apple-darwin ;;
        *) fail "there is no program for $(uname -s) on $(uname -m)" "Build it from source: see the README." ;;
    esac
}

download() {
    if has curl; then
        curl -fsSL --retry 2 -o "$2" "$1"
    elif has wget; then
        wget -q -O "$2" "$1"
    else
        fail "neither curl nor wget is here" "Install one of them, or download $1 by another way."
    fi
}

sum_of() {
    if has sha256sum; then
        sha256sum "$1" | cut -d' ' -f1
    elif has shasum; then
        shasum -a 256 "$1" | cut -d' ' -f1
    elif has openssl; then
        openssl dgst -sha256 -r "$1" | cut -d' ' -f1
    else
        fail "nothing here can make a SHA-256 sum" "Install sha256sum, shasum or openssl."
    fi
}

# All in a function: a script that arrives cut off does nothing.
main() {
    if [ $# -gt 0 ]; then
        folder=$1
    else
        [ -n "${HOME:-}" ] || fail "HOME is not set" "Name a folder: sh install.sh FOLDER"
        folder=$HOME/.local/bin
    fi
    target=$(target)
    name=clawmend-$version-$target
    wanted=$(printf '%s\n' "$sums" | while read -r sum file; do
        if [ "$file" = "$name.tar.gz" ]; then echo "$sum"; fi
    done)
    [ -n "$wanted" ] || fail "version $version has no program for $target"

    if ! mkdir -p "$folder" 2>/dev/null || [ ! -w "$folder" ]; then
        fail "this user cannot write to $folder" "Name another folder: sh install.sh FOLDER"
    fi
    # Beside its place, so that the last step is a rename.
    work=$(mktemp -d "$folder/.clawmend-XXXXXX") || fail "no folder could be made in $folder"
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM

    download "$downloads/$name.tar.gz" "$work/archive" || fail "could not download $downloads/$name.tar.gz"
    got=$(sum_of "$work/archive")
    [ "$got" = "$wanted" ] ||
        fail "what was downloaded is not what was released" "Its SHA-256 sum is $got, and should be $wanted."
    (cd "$work" && gzip -dc archive | tar xf - "$name/clawmend") || fail "the archive could not be unpacked"
    "$work/$name/clawmend" --version >/dev/null || fail "the program does not start on this machine"
    mv -f "$work/$name/clawmend" "$folder/clawmend" || fail "$folder/clawmend could not be written"

    echo "Installed: $folder/clawmend ($version)"
    case ":${PATH:-}:" in
        *":$folder:"*) echo "Now type: clawmend" ;;
        *) echo "That folder is not in your PATH. Now type: $folder/clawmend" ;;
    esac
}

main "$@"
