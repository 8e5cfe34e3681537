#!/bin/sh
# Driftwatch probe: reads questions on standard input, looks, answers on standard output, changes nothing.
# How and why: Sources/Remote/PROTOCOL.md and Sources/Remote/probe/ in Driftwatch's repository.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2088,SC2154,SC3023,SC3028,SC3040,SC3045

dw_self=$0
dw_version=2
dw_topics='files packages environment'

# dash cannot open descriptors above 9, which makes for small batches. Where bash is at hand, it reads the script.
if [ "${1-}" != chosen ] && [ -z "${BASH_VERSION-}" ] && [ -x /bin/bash ]; then
    case $dw_self in
        '#!'*) exec /bin/bash -p -c "$dw_self" "$dw_self" chosen ;;
        *) exec /bin/bash -p "$dw_self" chosen ;;
    esac
fi

set -fu
# Where bash is called sh, it would not read all that it can otherwise.
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

# A pinned probe is a file on the server. Who asks it may have stolen the key.
case $dw_self in
    '#!'*) dw_pinned=no ;;
    *) dw_pinned=yes ;;
esac

# Prints a line as it is: echo reads backslashes in some shells, and an account may well be called CORP\nina.
dw_say() {
    printf '%s\n' "$1"
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

# Whether a process has not ended yet: a zombie has.
dw_is_alive() {
    dw_stat=
    read -r dw_stat 2>/dev/null <"/proc/$1/stat" || return 1
    case ${dw_stat##*) } in
        [RSDTtIWKP]*) ;;
        *) return 1 ;;
    esac
}

# Ends a process and all that it started. What hangs in the kernel ends when the kernel lets it go.
dw_end() {
    set +f
    for dw_entry in /proc/[0-9]*/stat; do
        dw_stat=
        read -r dw_stat 2>/dev/null <"$dw_entry" || continue
        dw_rest=${dw_stat##*) }
        dw_rest=${dw_rest#* }
        [ "${dw_rest%% *}" != "$1" ] || dw_family="$dw_family ${dw_stat%% *}"
    done
    set -f
    kill -9 "$1"
}

dw_end_all() {
    dw_family=$1
    while [ -n "$dw_family" ]; do
        dw_first=${dw_family%% *}
        case $dw_family in
            *' '*) dw_family=${dw_family#* } ;;
            *) dw_family= ;;
        esac
        [ -z "$dw_first" ] || dw_end "$dw_first"
    done
}

# Runs $1 in a process of its own, dw_child, and waits $2 seconds for its end; fails where it is still at work.
dw_run() {
    if [ -n "${BASH_VERSION-}" ]; then
        # A pipe that the child alone can write to ends with the child.
        exec 7>&1
        eval 'exec 8< <("$1" >&7 7>&-)'
        dw_child=$!
        read -r -t "$2" -u 8 dw_rest
        dw_status=$?
        exec 7>&- 8<&-
        [ "$dw_status" -le 128 ]
        return
    fi
    sleep "$2" >/dev/null 2>&1 &
    dw_sleeper=$!
    (
        "$1"
        kill "$dw_sleeper"
    ) &
    dw_child=$!
    if wait "$dw_sleeper"; then return 1; fi
    wait "$dw_child"
    return 0
}

# Sets dw_entry to an account's line of the account database, by name or number.
dw_account() {
    dw_entry=
    case $1 in '' | -* | *:*) return 1 ;; esac
    dw_tries=0
    while IFS= read -r dw_line && [ "$dw_tries" -lt 500 ]; do
        dw_tries=$((dw_tries + 1))
        case $dw_line in
            "$1":* | *:*:"$1":*:*:*:*) dw_entry=$dw_line && break ;;
        esac
    done </etc/passwd
    # Accounts that do not stand in the file come from elsewhere.
    if [ -z "$dw_entry" ] && command -v getent >/dev/null; then dw_entry=$(exec getent passwd "$1"); fi
    dw_entry=${dw_entry%%"$dw_nl"*}
    case $dw_entry in *:*:*:*:*:*:*) ;; *) return 1 ;; esac
}

# The account that is logged in: its name is what sshd or the system says, where the database has it for this number.
dw_own_account() {
    [ -z "${dw_own-}" ] || return 0
    dw_account "${LOGNAME-}"
    dw_own=${dw_entry#*:*:}
    if [ "${dw_own%%:*}" != "$dw_uid" ]; then dw_account "$dw_uid" || return 1; fi
    dw_own=$dw_entry
}
