# Which texts may be sent: those that every account of this server may read, and others if the question asks for them
# or, for a pinned probe, if a file that belongs to root lists them. The text of a secret place is never sent.

# Whether root has listed the path on this server, so that its text may be sent.
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

# Whether a text may be sent although not every account may read it.
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

# Sets dw_open_folders to those of dw_folders that every account may enter.
dw_see_folders() {
    dw_open_folders=$dw_nl
    [ -n "$dw_folders" ] || return 0
    # shellcheck disable=SC2086
    for dw_line in $(exec stat -L -c %f:%n -- $dw_folders); do
        case ${dw_line%%:*} in 4*[13579bdf]) dw_open_folders=$dw_open_folders${dw_line#*:}$dw_nl ;; esac
    done
}

# Whether every account may read the file that descriptor dw_fd has open at the path $1.
dw_is_open_to_all() {
    eval "dw_mode=\${dw_end_$dw_fd#end * * }"
    case $dw_mode in 8??[4567cdef]:*) ;; *) return 1 ;; esac
    dw_folder=$1
    while [ -n "$dw_folder" ]; do
        dw_folder=${dw_folder%/*}
        case $dw_open_folders in *"$dw_nl${dw_folder:-/}$dw_nl"*) ;; *) return 1 ;; esac
    done
}

# Writes the texts of files with another content than wanted, if they may be sent.
dw_tell() {
    dw_note_descriptors
    # After this many texts, no more are sent.
    [ "$dw_texts" -lt 200 ] || return 0
    dw_folders='' dw_candidates=''
    for dw_fd in $dw_wrong; do
        eval "dw_split \"\$dw_question_$dw_fd\"; dw_found=\$dw_found_$dw_fd dw_size=\${dw_end_$dw_fd#end }"
        case $dw_kind in c | t) ;; *) continue ;; esac
        dw_size=${dw_size%% *}
        if [ -z "$dw_found" ] || [ "${dw_size:-65537}" -gt 65536 ]; then continue; fi
        if dw_is_secret "$dw_path" || dw_is_secret "$dw_found"; then continue; fi
        dw_candidates=$dw_candidates"$dw_fd $dw_size $dw_found"$dw_nl
        dw_is_allowed || dw_add_folders "$dw_found"
    done
    dw_see_folders
    for dw_candidate in $dw_candidates; do
        dw_fd=${dw_candidate%% *} dw_found=${dw_candidate#* }
        dw_size=${dw_found%% *} dw_found=${dw_found#* }
        eval "dw_split \"\$dw_question_$dw_fd\""
        if dw_is_allowed || dw_is_open_to_all "$dw_found"; then dw_tell_text; else dw_put "kept $dw_item private"; fi
    done
}

dw_tell_text() {
    if [ "$dw_size" -gt "$dw_text_bytes" ]; then
        dw_put "kept $dw_item budget"
        return 0
    fi
    dw_texts=$((dw_texts + 1))
    dw_text_bytes=$((dw_text_bytes - dw_size))
    dw_flush
    # The file may have grown since.
    if command -v base64 >/dev/null; then
        printf 'text %s base64 ' "$dw_item"
        head -c 65536 "$dw_fds/$dw_fd" | base64 -w 0
    else
        printf 'text %s hex ' "$dw_item"
        head -c 65536 "$dw_fds/$dw_fd" | od -An -v -tx1 | tr -d ' \n'
    fi
    echo
}
