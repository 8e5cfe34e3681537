# A closer look: links if stat does not quote names, files that only root can read, and where an open file lies.

# Sets dw_raw to the target of a link. Fails if that contains a newline.
dw_read_link() {
    dw_raw=$(readlink -n -- "$1" && printf .)
    dw_raw=${dw_raw%.}
    case $dw_raw in '' | *"$dw_nl"*) return 1 ;; esac
}

# Adds the questions that stat was denied to dw_denied.
dw_keep_denied() {
    dw_item=
    for dw_line in $dw_seen; do
        case $dw_line in
            'stat: '*"$dw_marks"*)
                dw_item=${dw_line##*"$dw_marks"}
                dw_item=${dw_item%%[!0-9]*}
                ;;
            'stat: '*': Permission denied' | 'stat: '*': Operation not permitted')
                for dw_question in $dw_lines; do
                    case $dw_question in "$dw_item "*) dw_denied=$dw_denied$dw_question$dw_nl ;; esac
                done
                ;;
        esac
    done
}

# Writes the targets of links one by one, because a stat without quoting could be made to print a false answer.
dw_see_links_carefully() {
    for dw_question in $dw_lines; do
        dw_split "$dw_question"
        [ ! -h "$dw_path" ] || dw_out=$dw_out"link $dw_item =$(readlink -n -- "$dw_path" | tr '\n' '\001')"$dw_nl
    done
}

# Sets for every descriptor N its question (dw_question_N), the path of its file (dw_found_N, empty if that is not
# certain) and what stat printed about it (dw_end_N). Each list is read once, because a whole batch may have drifted.
dw_note_descriptors() {
    [ -z "$dw_are_named" ] || return 0
    dw_are_named=yes
    dw_see_names "$dw_opened"
    dw_seen_spots=$dw_seen
    for dw_line in $dw_asked; do
        dw_fd=${dw_line%% *}
        eval "dw_question_$dw_fd=\${dw_line#* } dw_found_$dw_fd= dw_end_$dw_fd="
    done
    for dw_line in $dw_seen_spots; do
        case $dw_line in
            "lstat "*"\"$dw_fds/"*"\" -> \""*)
                dw_fd=${dw_line#*"\"$dw_fds/"} dw_found=${dw_line#*'" -> "'}
                dw_fd=${dw_fd%%\"*} dw_found=${dw_found%\"}
                ;;
            "lstat "*":$dw_fds/"*) dw_fd=${dw_line##*/} dw_found=\\ ;;
            *) continue ;;
        esac
        case $dw_fd in '' | *[!0-9]*) continue ;; esac
        # A quoted name with escapes, or any name if stat does not quote.
        case $dw_found in *\\*) if dw_read_link "$dw_fds/$dw_fd"; then dw_found=$dw_raw; else dw_found=; fi ;; esac
        eval "dw_found_$dw_fd=\$dw_found"
        dw_out=$dw_out"real $dw_fd =$dw_found"$dw_nl
    done
    for dw_line in $dw_seen_ends; do
        if dw_cut_end "$dw_line"; then eval "dw_end_$dw_fd=\$dw_line"; fi
    done
}

# Whether dw_device, as stat prints it, is the device of a pseudo file system.
dw_is_in_kernel() {
    if [ -z "${dw_kernel_devices-}" ]; then
        dw_kernel_devices=' '
        for dw_line in $dw_input; do
            case $dw_line in [0-9]*) ;; *) continue ;; esac
            dw_sort_mount "$dw_line"
            [ "$dw_sort" = kernel ] || continue
            dw_minor=${dw_line#* * }
            dw_minor=${dw_minor%% *} dw_major=${dw_minor%%:*}
            dw_minor=${dw_minor#*:}
            dw_kernel_devices="$dw_kernel_devices$(((dw_minor & 255) | (dw_major << 8) | ((dw_minor & ~255) << 12))) "
        done
    fi
    case $dw_kernel_devices in *" $dw_device "*) ;; *) return 1 ;; esac
}
