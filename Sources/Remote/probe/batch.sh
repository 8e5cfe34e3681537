# Batches: which files are read together, and for how long.

# Sets dw_sort by the type of file system in a line of /proc/self/mountinfo:
# id parent major:minor root point options tags... - type source options
#
# near: a local file system, which answers at once. kernel: a pseudo file system, whose files are never read. far: all
# others, which may hang.
dw_sort_mount() {
    case $1 in
        *' - proc '* | *' - sysfs '* | *' - cgroup'[\ 2]* | *' - devpts '* | *' - mqueue '* | *' - securityfs '* | \
            *' - debugfs '* | *' - tracefs '* | *' - configfs '* | *' - fusectl '* | *' - pstore '* | *' - bpf '* | \
            *' - efivarfs '* | *' - hugetlbfs '* | *' - nsfs '* | *' - binfmt_misc '* | *' - rpc_pipefs '* | \
            *' - selinuxfs '* | *' - smackfs '* | *' - apparmorfs '* | *' - cpuset '* | *' - resctrl '* | \
            *' - nfsd '* | *' - bdev '* | *' - sockfs '* | *' - pipefs '* | *' - dax '* | *' - xenfs '*)
            dw_sort=kernel
            ;;
        *' - ext'[234]' '* | *' - tmpfs '* | *' - devtmpfs '* | *' - overlay '* | *' - xfs '* | *' - btrfs '* | \
            *' - zfs '* | *' - squashfs '* | *' - vfat '* | *' - ramfs '* | *' - rootfs '* | *' - bcachefs '* | \
            *' - f2fs '* | *' - jfs '* | *' - reiserfs '* | *' - nilfs2 '* | *' - aufs '* | *' - erofs '* | \
            *' - iso9660 '* | *' - udf '* | *' - msdos '* | *' - exfat '* | *' - ntfs3 '* | *' - hfsplus '* | \
            *' - ubifs '*)
            dw_sort=near
            ;;
        *) dw_sort=far ;;
    esac
}

# Questions wait in two lists, near and far, in chunks of dw_room questions, so that adding to a long list costs no more
# than adding to a short one. dw_near is the current chunk, with dw_used_near questions; dw_near_1 to
# dw_near_$dw_chunks_near are full.
dw_near='' dw_used_near=0 dw_chunks_near=0
dw_far='' dw_used_far=0 dw_chunks_far=0

# Adds a question to the list near.
dw_add_near() {
    dw_near=$dw_near$1$dw_nl dw_used_near=$((dw_used_near + 1))
    [ "$dw_used_near" -lt "$dw_room" ] || dw_close_chunk near
}

# Closes the current chunk of the list $1.
dw_close_chunk() {
    eval "dw_used=\$dw_used_$1 dw_number=\$((dw_chunks_$1 + 1))"
    [ "$dw_used" = 0 ] || eval "dw_$1_$dw_number=\$dw_$1 dw_$1= dw_used_$1=0 dw_chunks_$1=$dw_number"
}

# Looks at all files, chunk by chunk, then at other topics, then as root at what was denied, and last at the environment
# of the login shell.
dw_look_at_all() {
    dw_out='' dw_denied='' dw_denied_topics='' dw_links=$dw_nl dw_texts=0
    for dw_reach in near far; do
        eval "dw_last=\$dw_chunks_$dw_reach"
        dw_place=1
        while [ "$dw_place" -le "$dw_last" ]; do
            eval "dw_lines=\$dw_${dw_reach}_$dw_place"
            dw_section=$((dw_section + 1))
            dw_look_at_chunk "$dw_section"
            dw_place=$((dw_place + 1))
        done
    done
    if [ "$dw_asked_topics" != ' ' ]; then
        dw_more
        dw_answer_topics
    fi
    if [ -n "$dw_denied$dw_denied_topics" ] && [ "$dw_uid" != 0 ]; then
        dw_more
        dw_elevate
    fi
    if [ "$dw_names" != ' ' ]; then
        dw_begin_slow
        dw_look_at_environment
    fi
    dw_flush
}

# While this descriptor is open, work is under way that may be slow, such as hashing. Otherwise the child only asks
# questions that a file system answers at once, and a child that makes no progress counts as hanging.
dw_begin_slow() { command exec 9</dev/null; }
dw_end_slow() { command exec 9<&-; }

# Looks at what may hang: files, and the login shell.
dw_look() {
    dw_slow=
    if [ "$dw_chunks_far" -gt 0 ]; then
        dw_more
        dw_leave_dead
    fi
    if ! dw_run dw_look_at_all 4; then
        dw_more
        dw_wait
    fi
    [ -z "$dw_slow" ] || dw_put_slow
}
