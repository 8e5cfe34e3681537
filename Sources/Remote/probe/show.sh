# What may be told of a text: what every account of this server may read, or what the question or, for a pinned probe,
# a file of root's allows. Secret places are never told.

# Whether root wrote down, on this server, that the text of a path may be told to who asks.
dw_is_listed() {
    if [ -z "${dw_listed-}" ]; then
        dw_listed=$dw_nl
        dw_mode=$(exec stat -c %u:%f /etc/driftwatch/show)
        case $dw_mode in
            0:8?[02468ace][014589cd])
                while read -r dw_line; do dw_listed=$dw_listed$dw_line$dw_nl; done </etc/driftwatch/show
                ;;
        esac
    fi
    case $dw_listed in *"$dw_nl$1$dw_nl"*) return 0 ;; esac
    return 1
}

# Whether a text may be told although not every account may read it.
dw_is_allowed() {
    [ "$dw_kind" = t ] || return 1
    [ "$dw_pinned" = no ] || dw_is_listed "$dw_path"
}

# Adds the folders that a path lies in to dw_folders.
dw_add_folders() {
    dw_folder=$1
    while [ -n "$dw_folder" ]; do
        dw_folder=${dw_folder%/*}
        case $dw_nl$dw_folders in
            *"$dw_nl${dw_folder:-/}$dw_nl"*) ;;
            *) dw_folders=$dw_folders${dw_folder:-/}$dw_nl ;;
        esac
    done
}

# Sets dw_open_folders to those of dw_folders that every account may pass.
dw_see_folders() {
    dw_open_folders=$dw_nl
    [ -n "$dw_folders" ] || return 0
    # shellcheck disable=SC2086
    dw_seen=$(exec stat -L -c %f:%n -- $dw_folders)
    for dw_line in $dw_seen; do
        case ${dw_line%%:*} in 4*[13579bdf]) dw_open_folders=$dw_open_folders${dw_line#*:}$dw_nl ;; esac
    done
}

dw_is_open_to_all() {
    eval "dw_mode=\$dw_mode_$dw_fd"
    case $dw_mode in *[4567cdef]) ;; *) return 1 ;; esac
    dw_folder=$1
    while [ -n "$dw_folder" ]; do
        dw_folder=${dw_folder%/*}
        case $dw_open_folders in *"$dw_nl${dw_folder:-/}$dw_nl"*) ;; *) return 1 ;; esac
    done
}

# Tells the texts of what is wrong, as far as they may be told.
dw_tell() {
    dw_folders=
    dw_candidates=
    for dw_fd in $dw_wrong; do
        eval "dw_split \"\$dw_asked_$dw_fd\"; dw_found=\$dw_found_$dw_fd dw_size=\$dw_size_$dw_fd"
        case $dw_kind in c | t) ;; *) continue ;; esac
        if [ -z "$dw_found" ] || [ "$dw_size" -gt 65536 ]; then continue; fi
        if dw_is_secret "$dw_path" || dw_is_secret "$dw_found"; then continue; fi
        dw_candidates=$dw_candidates$dw_fd$dw_nl
        dw_is_allowed || dw_add_folders "$dw_found"
    done
    dw_see_folders
    for dw_fd in $dw_candidates; do
        eval "dw_split \"\$dw_asked_$dw_fd\"; dw_found=\$dw_found_$dw_fd dw_size=\$dw_size_$dw_fd"
        if dw_is_allowed || dw_is_open_to_all "$dw_found"; then dw_tell_text; else dw_out=$dw_out"kept $dw_item private"$dw_nl; fi
    done
}

dw_tell_text() {
    if [ "$dw_texts" -ge 200 ] || [ "$dw_size" -gt "$dw_text_bytes" ]; then
        dw_out=$dw_out"kept $dw_item budget"$dw_nl
        return 0
    fi
    dw_texts=$((dw_texts + 1))
    dw_text_bytes=$((dw_text_bytes - dw_size))
    dw_flush
    printf 'text %s ' "$dw_item"
    if command -v base64 >/dev/null; then
        printf 'base64 '
        # The size may have grown meanwhile.
        head -c 65536 "$dw_fds/$dw_fd" | base64 -w 0
    else
        printf 'hex '
        head -c 65536 "$dw_fds/$dw_fd" | od -An -v -tx1 | tr -d ' \n'
    fi
    echo
}
