# Environment: the variables of a login shell of the login user, started with the environment of the session.

# Runs the login shell. Its command means the same in every shell. The second file is the end mark: the name of cat.
dw_log_in() {
    dw_print="echo; echo driftwatch-$dw_nonce begin; exec cat /proc/self/environ /proc/self/comm"
    PATH=$dw_old_path
    if [ -n "$dw_had_locale" ]; then LC_ALL=$dw_old_locale; else unset LC_ALL; fi
    unset QUOTING_STYLE
    dw_shell=${dw_own##*:}
    dw_shell=${dw_shell:-/bin/sh}
    case $dw_shell in
        # These accept -l only as the only argument.
        */csh | */tcsh | */bsd-csh) printf '%s\n' "$dw_print" | "$dw_shell" -l ;;
        *) exec "$dw_shell" -l -c "$dw_print" </dev/null ;;
    esac
}

# Writes a variable, each time it occurs. Fails after so many that it cannot be an environment.
dw_take_variable() {
    dw_set="$dw_set${1%%=*} "
    dw_put_variable "$1"
    dw_taken=$((dw_taken + 1))
    [ "$dw_taken" -lt 10000 ]
}

# Writes a newline in a value as byte 001, and bytes 001 and 002 as 002. For bash.
dw_put_variable() {
    case $1 in
        *[[:cntrl:]]*) dw_put "env $(printf %s "$1" | tr '\n\001' '\001\002')" ;;
        *) dw_put "env $1" ;;
    esac
}

# Skips the output of startup files up to the mark, then reads variables that each end with a NUL; dw_line is the rest.
# Writes only the variables that were asked about. Linux allows a variable 131072 bytes. For bash, which reads a pipe byte
# by byte: what no startup file prints and no environment holds is not read.
dw_read_environment() {
    eval 'exec 6< <(dw_log_in)'
    dw_read=0
    while IFS= read -r -n 65536 -u 6 dw_line && [ "$dw_read" -lt 65536 ]; do
        dw_read=$((dw_read + ${#dw_line} + 1))
        case $dw_line in "driftwatch-$dw_nonce begin") dw_state=error && break ;; esac
    done
    while [ "$dw_state" = error ] && IFS= read -r -d '' -n 131072 -u 6 dw_line && [ "$dw_read" -lt 1048576 ]; do
        [ "${#dw_line}" -lt 131072 ] || break
        dw_read=$((dw_read + ${#dw_line} + 1))
        case $dw_names in *" ${dw_line%%=*} "*) dw_take_variable "$dw_line" || break ;; esac
    done
    exec 6<&-
    case $dw_state:$dw_line in "error:cat$dw_nl") dw_state=complete ;; esac
}

dw_look_at_environment() {
    if ! dw_own_account || [ ! -r /proc/self/environ ]; then
        dw_put 'envs unsupported'
        return 0
    fi
    dw_state=unsupported
    dw_set=' ' dw_taken=0
    dw_read_environment
    IFS=' '
    for dw_name in $dw_names; do
        case $dw_set in *" $dw_name "*) ;; *) dw_put "unset $dw_name" ;; esac
    done
    IFS=$dw_nl
    dw_put "envs $dw_state"
}
