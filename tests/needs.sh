#!/bin/sh
# What the tests need from the system: installed from Debian as root, else named.
missing=
nc -h 2>&1 | grep -q -- '-N' || missing="$missing netcat-openbsd"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v cc >/dev/null 2>&1 || missing="$missing gcc"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -qq -y $missing >/dev/null && exit 0
fi
echo "The tests need these Debian packages:$missing" >&2
echo "Install them as root: apt-get install$missing" >&2
exit 1
