# Hanging files: when to give up. Only needed if something may hang, or does.

# Whether a process still runs. A zombie does not.
dw_is_alive() {
    dw_stat=
    read -r dw_stat 2>/dev/null <"/proc/$1/stat" || return 1
    case ${dw_stat##*) } in
        [RSDTtIWKP]*) ;;
        *) return 1 ;;
    esac
}

# Kills a process and adds its children to dw_family. A process that hangs in the kernel ends once the kernel lets it.
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

# Adds the mount point in a line of /proc/self/mountinfo to those that may hang.
dw_note_mount() {
    dw_point=${1#* * * * }
    dw_point=${dw_point%% *}
    case $dw_point in *\\*) dw_point=$(printf %b "$dw_point") ;; esac
    dw_points=$dw_points$dw_point$dw_nl
}

# Sets dw_point to the mount point that may hang and contains the path. Fails if there is none.
dw_find_point() {
    for dw_point in $dw_points; do
        case $1 in "$dw_point" | "${dw_point%/}"/*) return 0 ;; esac
    done
    return 1
}

# Adds a question to a list, near or far.
dw_add() {
    eval "dw_$1=\$dw_$1\$2\$dw_nl dw_used=\$((dw_used_$1 + 1)) dw_used_$1=\$dw_used"
    [ "$dw_used" -lt "$dw_room" ] || dw_close_chunk "$1"
}

# Empties a list and runs $2 for each of its questions. $2 may add questions to the list again.
dw_for_each() {
    dw_close_chunk "$1"
    eval "dw_last=\$dw_chunks_$1 dw_chunks_$1=0"
    dw_place=1
    while [ "$dw_place" -le "$dw_last" ]; do
        eval "dw_list=\$dw_$1_$dw_place"
        for dw_question in $dw_list; do "$2" "$dw_question"; done
        dw_place=$((dw_place + 1))
    done
}

# Touches the path of a question, in a process that may hang.
dw_touch() {
    dw_split "$1"
    (
        [ -e "$dw_path" ] || [ -h "$dw_path" ] || exit 0
        [ "$dw_kind" = s ] || [ "$dw_uid" -eq 0 ] || [ ! -f "$dw_path" ] || [ ! -r "$dw_path" ] || : <"$dw_path"
    ) </dev/null >/dev/null 2>&1 &
    dw_touches="$dw_touches$! $1$dw_nl"
}

# Keeps the questions whose path answers. The others are slow.
dw_sort_out() {
    dw_touches=
    dw_for_each near dw_touch
    dw_for_each far dw_touch
    sleep 2
    for dw_touched in $dw_touches; do
        dw_question=${dw_touched#* }
        if dw_is_alive "${dw_touched%% *}"; then
            dw_end_all "${dw_touched%% *}"
            dw_slow=$dw_slow${dw_question%% *}$dw_nl
        else
            dw_add near "$dw_question"
        fi
    done
    dw_close_chunk near
}

# Sets dw_dead to the mount points that do not answer, among those that questions need. All are tried at the same time,
# before anything below them.
dw_ask_points() {
    dw_pings=
    for dw_point in $dw_points_asked; do
        { [ -d "$dw_point/." ]; } </dev/null >/dev/null 2>&1 &
        dw_pings="$dw_pings$! $dw_point$dw_nl"
    done
    dw_tries=0
    while [ "$dw_tries" -lt 203 ]; do
        dw_pending=no
        for dw_line in $dw_pings; do
            if dw_is_alive "${dw_line%% *}"; then dw_pending=yes; fi
        done
        [ "$dw_pending" = yes ] || break
        dw_tries=$((dw_tries + 1))
        # A network answers in a moment; after three seconds we give up.
        [ "$dw_tries" -le 200 ] || sleep 1
    done
    dw_dead=
    for dw_line in $dw_pings; do
        if dw_is_alive "${dw_line%% *}"; then
            dw_dead=$dw_dead${dw_line#* }$dw_nl
            dw_end_all "${dw_line%% *}"
        fi
    done
}

# Adds a question to the list that it belongs to.
dw_place() {
    dw_split "$1"
    if dw_find_point "$dw_path"; then
        dw_add far "$1"
        case $dw_nl$dw_points_asked in
            *"$dw_nl$dw_point$dw_nl"*) ;;
            *) dw_points_asked=$dw_points_asked$dw_point$dw_nl ;;
        esac
    else
        dw_add near "$1"
    fi
}

# Keeps a question whose mount point answers.
dw_keep_living() {
    dw_split "$1"
    if dw_find_point "$dw_path"; then
        case $dw_nl$dw_dead in
            *"$dw_nl$dw_point$dw_nl"*) dw_slow=$dw_slow$dw_item$dw_nl ;;
            *) dw_add far "$1" ;;
        esac
    fi
}

# Removes the questions below mount points that do not answer.
dw_leave_dead() {
    dw_ask_points
    if [ -n "$dw_dead" ]; then
        dw_for_each far dw_keep_living
        dw_close_chunk far
    fi
}

# Waits for the child, up to the deadline. Fails if the child was killed. A busy child does not count as hanging, even
# on a slow machine, because its line in /proc changes.
dw_wait_for_child() {
    dw_strikes=0 dw_last_stat=
    while dw_is_alive "$dw_child"; do
        dw_time_left
        if [ -e "/proc/$dw_child/fd/9" ] || [ "$dw_stat" != "$dw_last_stat" ]; then
            dw_strikes=0
        else
            dw_strikes=$((dw_strikes + 1))
        fi
        dw_last_stat=$dw_stat
        if [ "$dw_left" -le 0 ] || [ "$dw_strikes" -gt 1 ]; then
            dw_end_all "$dw_child"
            return 1
        fi
        sleep 1
    done
}

# Waits for a child that takes long. If it hangs, kills it and starts again without the paths that hang.
dw_wait() {
    dw_looks=0
    until dw_wait_for_child; do
        # What the child wrote last may end in the middle of a line.
        printf '\ncut %s\n' "$dw_nonce"
        dw_looks=$((dw_looks + 1))
        dw_time_left
        if [ "$dw_looks" -ge 3 ] || [ "$dw_left" -le 3 ]; then
            [ "$dw_names" = ' ' ] || dw_put 'envs slow'
            break
        fi
        dw_sort_out
        dw_section=$((dw_looks * 10000))
        dw_text_bytes=262144
        if dw_run dw_look_at_all 4; then break; fi
    done
}

dw_put_slow() {
    dw_put 'try 90000'
    for dw_item in $dw_slow; do dw_put "gone $dw_item slow"; done
    dw_put 'status 90000'
    dw_put 'done 90000'
}
