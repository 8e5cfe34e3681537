#!/bin/sh
# The floor of scripts/bench-fleet: what an administrator would send over a bare ssh to see the same things as the pack;
# with the argument `kinds`, those of scripts/bench-fleet --kinds. One process for each kind of question. The answer of a
# server that is as it should be is known line for line.
cd || exit
kinds=${1-}
set -- fleet/f01.conf fleet/f02.conf fleet/f03.conf fleet/f04.conf fleet/f05.conf fleet/f06.conf fleet/f07.conf \
    fleet/f08.conf fleet/f09.conf fleet/f10.conf fleet/f11.conf fleet/f12.conf fleet/f13.conf fleet/f14.conf \
    fleet/f15.conf fleet/f16.conf fleet/f17.conf fleet/f18.conf fleet/f19.conf fleet/f20.conf
stat -c 'mode %a %n' "$@"
sha256sum "$@"
# shellcheck disable=SC2016 # dpkg-query fills these in
dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' base-files base-passwd bash bsdutils coreutils dash debianutils \
    diffutils dpkg findutils grep gzip hostname sed tar
"$SHELL" -l -c 'printenv FLEET_TIER FLEET_REGION FLEET_OWNER'
[ -n "$kinds" ] || exit 0
grep -c Debug /etc/motd
stat -c '%a %n' /etc/ssh/*.pub
read -r value </proc/sys/kernel/ostype
echo "$value"
grep -i '^PermitRootLogin ' /etc/ssh/sshd_config
[ -d /run/systemd/system ] || echo 'no systemd'
[ -d /sys/module/driftwatch_none ] || echo 0
getent passwd root
awk -F: '$3 == 0 { print $1 }' /etc/passwd
ssh-keygen -lf /etc/ssh/authorized_keys/s01
getent group root
openssl x509 -noout -checkend 1814400 -in /etc/site.pem
awk '$4 == "0A" && $2 ~ /^0100017F:/ { print $2 }' /proc/net/tcp
findmnt -no FSTYPE /tmp
