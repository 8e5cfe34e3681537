# Environment: what a login shell of the login user has, in the environment that the session came with.

# What the login shell is to run, in words that every shell reads alike. In its output newlines within a value travel as
# 001, and what came as 001 or 002 as 002.
dw_print="exec /bin/sh -c 'printf \"\\n%s begin\\n\" \"\$DRIFTWATCH_MARK\"; tr \"\\000\\n\\001\" \"\\n\\001\\002\" </proc/\$\$/environ; printf \"%s done\\n\" \"\$DRIFTWATCH_MARK\"'"

dw_log_in() {
    PATH=$dw_old_path
    if [ -n "$dw_had_locale" ]; then LC_ALL=$dw_old_locale; else unset LC_ALL; fi
    unset QUOTING_STYLE
    DRIFTWATCH_MARK=driftwatch-$dw_nonce
    export DRIFTWATCH_MARK
    dw_shell=${dw_own##*:}
    dw_shell=${dw_shell:-/bin/sh}
    case $dw_shell in
        # These take -l only as their sole argument.
        */csh | */tcsh | */bsd-csh) dw_say "$dw_print" | "$dw_shell" -l ;;
        *) exec "$dw_shell" -l -c "$dw_print" </dev/null ;;
    esac
}

# Says the variables that were asked about, and nothing else of the environment.
dw_look_at_environment() {
    if ! dw_own_account || [ ! -r /proc/self/environ ]; then
        dw_say 'envs unsupported'
        return 0
    fi
    if [ -n "${BASH_VERSION-}" ]; then
        # Without the two processes that a pipeline in a substitution takes.
        eval 'exec 6< <(dw_log_in)'
        IFS= read -r -d '' -n 1048576 -u 6 dw_printed
        exec 6<&-
    else
        dw_printed=$(dw_log_in | head -c 1048576)
    fi
    dw_state=unsupported
    dw_set=' '
    for dw_line in $dw_printed; do
        case $dw_line in
            "driftwatch-$dw_nonce begin") dw_state=error ;;
            "driftwatch-$dw_nonce done")
                dw_state=complete
                break
                ;;
            *=*)
                [ "$dw_state" = error ] || continue
                case $dw_names in
                    *" ${dw_line%%=*} "*)
                        dw_say "env $dw_line"
                        dw_set="$dw_set${dw_line%%=*} "
                        ;;
                esac
                ;;
        esac
    done
    IFS=' '
    for dw_name in $dw_names; do
        case $dw_set in *" $dw_name "*) ;; *) dw_say "unset $dw_name" ;; esac
    done
    IFS=$dw_nl
    dw_say "envs $dw_state"
}
