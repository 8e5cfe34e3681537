#!/bin/sh
# Driftwatch probe: reads questions on standard input, looks, answers on standard output, changes nothing.
# How and why: Sources/Remote/PROTOCOL.md and Sources/Remote/probe/ in Driftwatch's repository.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2088,SC2154,SC3023,SC3028,SC3040,SC3045

dw_self=$0
dw_version=2
dw_askable='kernel os clock listing installed services accounts shadow keys certificates sysctl sshd system mounts ports origin'
# Not a topic, but what else the worker may do: rounds says that it may ask again.
dw_topics="files packages environment rounds $dw_askable"

# dash cannot open descriptors above 9, so its batches are small. If there is bash, it runs the script instead.
if [ "${1-}" != chosen ] && [ -z "${BASH_VERSION-}" ] && [ -x /bin/bash ]; then
    case $dw_self in
        '#!'*) exec /bin/bash -p -c "$dw_self" "$dw_self" chosen ;;
        *) exec /bin/bash -p "$dw_self" chosen ;;
    esac
fi

set -fu
# A bash that is called sh starts in POSIX mode and then lacks some of its syntax.
if [ -n "${BASH_VERSION-}" ]; then set +o posix; fi
dw_old_path=${PATH-}
dw_old_locale=${LC_ALL-}
dw_had_locale=${LC_ALL+yes}
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin
LC_ALL=C
QUOTING_STYLE=c
export PATH LC_ALL QUOTING_STYLE
dw_nl='
'
IFS=$dw_nl

# A pinned probe is a file on the server. The client that asks it may have stolen the key.
case $dw_self in
    '#!'*) dw_pinned=no ;;
    *) dw_pinned=yes ;;
esac

# Adds a line to the output buffer: sshd sends a packet for every write.
dw_put() { dw_out=$dw_out$1$dw_nl; }

# Prints the buffer, with printf: in some shells echo interprets backslashes, and an account may be called CORP\nina.
dw_flush() {
    [ -z "$dw_out" ] || printf %s "$dw_out"
    dw_out=
}

# Loads the second half of the script, after the last ^. Most checks do not need it, and reading a function takes the
# shell time.
dw_more() {
    if [ "$dw_pinned" = yes ]; then dw_text=$(cat "$dw_self"); else dw_text=$dw_self; fi
    IFS='^'
    # shellcheck disable=SC2086
    set -- $dw_text
    IFS=$dw_nl
    shift $(($# - 1))
    dw_more() { :; }
    eval "$1"
}

# Sets dw_now to whole seconds since the machine started.
dw_clock() {
    dw_now=0
    read -r dw_now </proc/uptime
    dw_now=${dw_now%%.*}
}

# Sets dw_left to the seconds that are left for the answer.
dw_time_left() {
    dw_clock
    dw_left=$((dw_deadline - dw_now))
}

# Runs $1 in a child process, dw_child, and waits up to $2 seconds for it. Fails if it still runs then. For bash.
dw_run() {
    # Only the child can write to this pipe, so the pipe ends when the child does. The : keeps bash from replacing the
    # child's shell by its last program, which would not hold the pipe.
    exec 7>&1
    eval 'exec 8< <("$1" >&7 7>&-; :)'
    dw_child=$!
    read -r -t "$2" -u 8 dw_rest
    dw_status=$?
    exec 7>&- 8<&-
    [ "$dw_status" -le 128 ]
}

# Sets the variable $2 to the text of a file, without NUL bytes. For bash.
dw_read_file() {
    eval "$2="
    IFS= read -r -d '' "$2" <"$1"
}

# Sets dw_entry to an account's line of the account database, by name or number.
dw_account() {
    dw_entry=
    case $1 in '' | -* | *:*) return 1 ;; esac
    [ -n "${dw_accounts-}" ] || dw_read_file /etc/passwd dw_accounts
    dw_tries=0
    for dw_account_line in $dw_accounts; do
        case $dw_account_line in
            "$1":* | *:*:"$1":*:*:*:*) dw_entry=$dw_account_line && break ;;
        esac
        dw_tries=$((dw_tries + 1))
        [ "$dw_tries" -lt 500 ] || break
    done
    # Other accounts may come from LDAP or another source.
    if [ -z "$dw_entry" ] && command -v getent >/dev/null; then dw_entry=$(exec getent passwd "$1"); fi
    dw_entry=${dw_entry%%"$dw_nl"*}
    case $dw_entry in *:*:*:*:*:*:*) ;; *) return 1 ;; esac
}

# Sets dw_own to the line of the account that is logged in: the one named by sshd if it has this user id, otherwise the
# first one with this user id.
dw_own_account() {
    [ -z "${dw_own-}" ] || return 0
    dw_account "${LOGNAME-}"
    dw_own=${dw_entry#*:*:}
    if [ "${dw_own%%:*}" != "$dw_uid" ]; then dw_account "$dw_uid" || return 1; fi
    dw_own=$dw_entry
}
