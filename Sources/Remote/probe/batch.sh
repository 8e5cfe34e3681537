# Batches: which files are looked at together, and who gives up on what does not answer.

# File systems that answer at once, or not because of somebody else. All others may keep us waiting.
dw_is_near() {
    case $1 in
        ext[234] | xfs | btrfs | zfs | bcachefs | f2fs | jfs | reiserfs | nilfs2 | tmpfs | ramfs | rootfs | overlay) ;;
        aufs | squashfs | erofs | iso9660 | udf | vfat | msdos | exfat | ntfs3 | hfsplus | ubifs | devtmpfs) ;;
        *) return 1 ;;
    esac
}

# File systems whose files are views of the kernel: their contents are never read.
dw_is_pseudo() {
    case $1 in
        proc | sysfs | cgroup | cgroup2 | cpuset | debugfs | tracefs | securityfs | selinuxfs | smackfs | configfs) ;;
        efivarfs | bpf | devpts | mqueue | pstore | fusectl | binfmt_misc | rpc_pipefs | nsfs | hugetlbfs | apparmorfs) ;;
        resctrl | nfsd | bdev | sockfs | pipefs | dax | xenfs) ;;
        *) return 1 ;;
    esac
}

# Notes a mount point that may keep us waiting, from a line of /proc/self/mountinfo:
# id parent major:minor root point options tags... - type source options
dw_read_mount() {
    dw_type=${1#* - }
    dw_type=${dw_type%% *}
    if dw_is_near "$dw_type" || dw_is_pseudo "$dw_type"; then return 0; fi
    dw_point=${1#* * * * }
    dw_point=${dw_point%% *}
    case $dw_point in *\\*) dw_point=$(printf %b "$dw_point") ;; esac
    dw_points=$dw_points$dw_point$dw_nl
}

# Whether dw_device, as stat says it, is that of a view of the kernel.
dw_is_on_pseudo() {
    if [ -z "${dw_pseudo-}" ]; then
        dw_pseudo=' '
        for dw_line in $dw_input; do
            case $dw_line in [0-9]*) ;; *) continue ;; esac
            dw_type=${dw_line#* - }
            dw_is_pseudo "${dw_type%% *}" || continue
            dw_minor=${dw_line#* * }
            dw_minor=${dw_minor%% *} dw_major=${dw_minor%%:*}
            dw_minor=${dw_minor#*:}
            dw_pseudo="$dw_pseudo$(((dw_minor & 255) | (dw_major << 8) | ((dw_minor & ~255) << 12))) "
        done
    fi
    case $dw_pseudo in *" $dw_device "*) ;; *) return 1 ;; esac
}

# Sets dw_point to the slow mount point that a path is below; fails where there is none.
dw_find_point() {
    for dw_point in $dw_points; do
        case $1 in "$dw_point" | "${dw_point%/}"/*) return 0 ;; esac
    done
    return 1
}

# Chunks are variables with up to dw_room questions each. Lists are linear that way, however long they grow.
dw_chunk_near=0
dw_chunk_far=0
dw_used_near=0
dw_used_far=0

# Adds a question to the chunks of $1, near or far.
dw_add() {
    eval "dw_used=\$dw_used_$1 dw_chunk=\$dw_chunk_$1"
    if [ "$dw_used" = 0 ]; then
        dw_chunk=$((dw_chunk + 1))
        eval "dw_$1_$dw_chunk="
    fi
    eval "dw_$1_$dw_chunk=\$dw_$1_$dw_chunk\$2\$dw_nl dw_used_$1=$(((dw_used + 1) % dw_room)) dw_chunk_$1=$dw_chunk"
}

# Runs $2 for every question of the chunks of $1, which it may fill again meanwhile.
dw_for_each() {
    eval "dw_last=\$dw_chunk_$1"
    eval "dw_chunk_$1=0 dw_used_$1=0"
    dw_place=1
    while [ "$dw_place" -le "$dw_last" ]; do
        eval "dw_list=\$dw_$1_$dw_place"
        for dw_question in $dw_list; do "$2" "$dw_question"; done
        dw_place=$((dw_place + 1))
    done
}

# Looks at all files, chunk by chunk, then as root at what was denied, and last into the login shell.
dw_look_at_all() {
    dw_denied=
    dw_links=$dw_nl
    dw_texts=0
    for dw_reach in near far; do
        eval "dw_last=\$dw_chunk_$dw_reach"
        dw_place=1
        while [ "$dw_place" -le "$dw_last" ]; do
            eval "dw_lines=\$dw_${dw_reach}_$dw_place"
            dw_section=$((dw_section + 1))
            dw_look_at_chunk "$dw_section"
            dw_place=$((dw_place + 1))
        done
    done
    dw_elevate
    if [ "$dw_names" != ' ' ]; then
        dw_begin_slow
        dw_look_at_environment
    fi
}

# While this descriptor is open, slow work is under way that may take its time. Without it, only questions that any
# file system answers at once are asked.
dw_begin_slow() { command exec 9</dev/null; }
dw_end_slow() { command exec 9<&-; }

# Runs dw_look_at_all in a process of its own and waits for it, but not for ever.
dw_watch() {
    dw_run dw_look_at_all 4 && return 0
    dw_strikes=0
    while dw_is_alive "$dw_child"; do
        dw_time_left
        if [ -e "/proc/$dw_child/fd/9" ]; then dw_strikes=0; else dw_strikes=$((dw_strikes + 1)); fi
        if [ "$dw_left" -le 0 ] || [ "$dw_strikes" -gt 1 ]; then
            dw_end_all "$dw_child"
            return 1
        fi
        sleep 1
    done
}

# Asks only whether a question's path answers, in a process that may hang.
dw_touch() {
    dw_split "$1"
    (
        [ -e "$dw_path" ] || [ -h "$dw_path" ] || exit 0
        [ "$dw_kind" = s ] || [ "$dw_uid" -eq 0 ] || [ ! -f "$dw_path" ] || [ ! -r "$dw_path" ] || : <"$dw_path"
    ) </dev/null >/dev/null 2>&1 &
    dw_touches="$dw_touches$! $1$dw_nl"
}

# Goes on with what answered, and gives up on the rest.
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
}

# Which of the slow mount points that somebody asks about answer at all. They are asked side by side, before anything
# below them is.
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
        # An answer from the network takes a moment; silence takes three seconds.
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

# Puts a question into the chunk that it belongs to.
dw_place() {
    if [ -n "$dw_points" ] && dw_find_point "$dw_path"; then
        dw_add far "$1"
        case $dw_nl$dw_points_asked in
            *"$dw_nl$dw_point$dw_nl"*) ;;
            *) dw_points_asked=$dw_points_asked$dw_point$dw_nl ;;
        esac
    else
        dw_add near "$1"
    fi
}

# Keeps what is far and does not lie below a dead mount point.
dw_keep_living() {
    dw_split "$1"
    if dw_find_point "$dw_path"; then
        case $dw_nl$dw_dead in
            *"$dw_nl$dw_point$dw_nl"*) dw_slow=$dw_slow$dw_item$dw_nl ;;
            *) dw_add far "$1" ;;
        esac
    fi
}

# What may keep us waiting: files, and the login shell.
dw_look() {
    dw_slow=
    if [ "$dw_chunk_far" -gt 0 ]; then
        dw_ask_points
        [ -z "$dw_dead" ] || dw_for_each far dw_keep_living
    fi
    dw_looks=0
    while ! dw_watch; do
        dw_looks=$((dw_looks + 1))
        dw_time_left
        if [ "$dw_looks" -ge 3 ] || [ "$dw_left" -le 3 ]; then
            [ "$dw_names" = ' ' ] || dw_say 'envs slow'
            break
        fi
        dw_sort_out
        dw_section=$((dw_looks * 10000))
        dw_text_bytes=262144
    done
    if [ -n "$dw_slow" ]; then
        dw_say "try 90000"
        for dw_item in $dw_slow; do dw_say "gone $dw_item slow"; done
        dw_say "status 90000"
        dw_say "done 90000"
    fi
}
