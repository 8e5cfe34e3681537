# Topics beside files, packages and the environment: each has a part of its own, with a function dw_look_at_TOPIC.

# Answers the topics that were asked about.
#
# The function of a topic finds its questions in dw_asked, one per line, and writes lines that its reader in the worker
# understands; what a program prints may go out as it is, after dw_flush. It sets dw_state if it cannot answer:
# unsupported, denied (root is asked then), partial (the lines stand, unless root can say more; root is asked what is left in
# dw_asked), slow or error.
dw_answer_topics() {
    dw_begin_slow
    IFS=' '
    # shellcheck disable=SC2086
    set -- $dw_asked_topics
    IFS=$dw_nl
    for dw_topic; do
        dw_put "topic $dw_topic"
        dw_state=ok
        eval "dw_asked=\$dw_asked_$dw_topic"
        "dw_look_at_$dw_topic"
        dw_put "topic-end $dw_nonce $dw_topic $dw_state"
        case $dw_state in denied | partial) dw_deny_topic ;; esac
    done
    dw_flush
    dw_end_slow
}

# Adds the questions of the topic to those that root is asked.
dw_deny_topic() {
    [ -n "$dw_asked" ] || dw_denied_topics="$dw_denied_topics#ask $dw_topic$dw_nl"
    for dw_question in $dw_asked; do dw_denied_topics="$dw_denied_topics#ask $dw_topic $dw_question$dw_nl"; done
}

# Sets dw_time to the seconds since 1970. Old versions of bash cannot tell.
dw_tell_time() {
    dw_time=
    [ -z "${BASH_VERSION-}" ] || printf -v dw_time '%(%s)T' -1
    case $dw_time in '' | *[!0-9]*) dw_time=$(exec date +%s) ;; esac
}

# Sets dw_start to the first $1 bytes of a file.
dw_read_start() {
    if [ -n "${BASH_VERSION-}" ]; then
        IFS= read -r -N "$1" dw_start <"$2"
    else
        dw_start=$(exec head -c "$1" "$2")
    fi
}

# Runs the function $1, whose program might hang, for up to $2 seconds. Its output goes out as it is. The function must
# not exec: its shell is waited for, not what replaces it.
dw_run_bounded() {
    dw_flush
    if ! dw_run "$1" "$2"; then
        dw_end_all "$dw_child"
        # What it wrote last may end in the middle of a line.
        dw_put ''
        dw_state=slow
    fi
}
