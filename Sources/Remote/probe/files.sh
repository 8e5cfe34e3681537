# Files: one batch of questions. Each file is opened once, and its type, owner, hash, resolved name and text come from
# that descriptor, so that nobody can swap the file between two of them.
#
# The output of stat and sha256sum goes to the worker unchanged, because processing it here would take time.

# Splits "ITEM KIND HASHES PATH".
dw_split() {
    dw_item=${1%% *} dw_path=${1#* }
    dw_kind=${dw_path%% *} dw_path=${dw_path#* }
    dw_hashes=${dw_path%% *} dw_path=${dw_path#* }
}

# Opens the files that may be read, and lists the paths for stat.
#
# Each path follows a mark, /dev/null/NONCE/ITEM, which always fails. An answer or an error belongs to the mark before
# it, so nothing depends on the number of lines. The descriptors follow the last mark.
dw_open_questions() {
    dw_next=$dw_lowest dw_opened='' dw_spots='' dw_followed='' dw_asked='' dw_wanted=' '
    for dw_question in $dw_lines; do
        dw_item=${dw_question%% *} dw_path=${dw_question#* }
        dw_kind=${dw_path%% *} dw_path=${dw_path#* }
        dw_hashes=${dw_path%% *} dw_path=${dw_path#* }
        dw_spot=$dw_path dw_real=$dw_path dw_opens=$dw_kind dw_is_open=
        [ "$dw_uid" != 0 ] || dw_prepare_as_root || continue
        case $dw_opens in
            s) ;;
            d) dw_is_open=yes ;;
            *)
                if [ -f "$dw_real" ]; then
                    if [ -r "$dw_real" ]; then
                        dw_is_open=yes
                    else
                        dw_out=$dw_out"nohash $dw_item denied"$dw_nl
                        dw_denied=$dw_denied$dw_question$dw_nl
                    fi
                fi
                ;;
        esac
        if [ -n "$dw_is_open" ] && eval "command exec $dw_next<\"\$dw_real\""; then
            dw_out=$dw_out"open $dw_item $dw_next"$dw_nl dw_opened=$dw_opened$dw_fds/$dw_next$dw_nl
            dw_asked="$dw_asked$dw_next $dw_question$dw_nl" dw_wanted="$dw_wanted$dw_next:$dw_hashes "
            [ "$dw_uid" != 0 ] || eval "dw_real_$dw_next=\$dw_real dw_planters_$dw_next=\$dw_planters"
            dw_next=$((dw_next + 1))
            # If the path is not a link, the descriptor has the same status.
            [ ! -h "$dw_spot" ] || dw_spots=$dw_spots$dw_marks$dw_item$dw_nl$dw_spot$dw_nl
            continue
        fi
        dw_spots=$dw_spots$dw_marks$dw_item$dw_nl$dw_spot$dw_nl
        if [ -h "$dw_spot" ]; then
            if [ -n "$dw_real" ]; then
                dw_followed=$dw_followed$dw_marks$dw_item$dw_nl$dw_real$dw_nl
            else
                dw_out=$dw_out"dangling $dw_item"$dw_nl
            fi
        fi
    done
}

dw_close_all() {
    while [ "$dw_next" -gt "$dw_lowest" ]; do
        dw_next=$((dw_next - 1))
        eval "exec $dw_next<&-"
    done
}

# Sets dw_fd to the descriptor of a line of stat: end, size, device, mode, owners, name. Fails for other lines; a name
# that only ends like a descriptor's has too many colons.
dw_cut_end() {
    dw_fd=${1##*/}
    case $dw_fd in '' | *[!0-9]*) return 1 ;; esac
    case $1 in
        *:*:*:*:*:*:*:*) return 1 ;;
        "end "*":$dw_fds/$dw_fd") ;;
        *) return 1 ;;
    esac
}

# Chooses the descriptors to hash.
dw_choose() {
    dw_small='' dw_large=''
    for dw_line in $dw_seen; do
        case $dw_line in "end "*" 8"*) ;; *) continue ;; esac
        dw_cut_end "$dw_line" || continue
        dw_size=${dw_line#end }
        dw_size=${dw_size%% *}
        case $dw_wanted in *" $dw_fd:- "*) continue ;; esac
        case $dw_line in
            "end $dw_size $dw_root_device "*) ;;
            *)
                dw_device=${dw_line#end * }
                dw_device=${dw_device%% *}
                dw_more
                if dw_is_in_kernel; then
                    dw_out=$dw_out"unread $dw_fd pseudo"$dw_nl
                    continue
                fi
                ;;
        esac
        if [ "$dw_size" -le 1048576 ]; then
            dw_small=$dw_small$dw_fds/$dw_fd$dw_nl
        elif [ "$dw_size" -le "$dw_hash_bytes" ]; then
            dw_large=$dw_large$dw_fds/$dw_fd$dw_nl
        else
            dw_out=$dw_out"unread $dw_fd large"$dw_nl
        fi
    done
}

# Writes hashes. Adds the descriptors with another content than wanted to dw_wrong, for their text.
dw_hash() {
    # shellcheck disable=SC2086
    dw_sums=$(exec sha256sum -- $1)
    dw_out=$dw_out$dw_sums$dw_nl
    for dw_line in $dw_sums; do
        dw_fd=${dw_line##*/}
        # With several hashes, a content that is right for one pack is wrong for another, whose diff needs the text.
        case $dw_wanted in *" $dw_fd:${dw_line%% *} "*) ;; *) dw_wrong=$dw_wrong$dw_fd$dw_nl ;; esac
    done
}

# Sets dw_seen to the status of the paths in $1 themselves, as stat prints it.
dw_see_names() {
    # shellcheck disable=SC2086
    dw_seen=$(exec stat -c "lstat $dw_format%N" -- / $1 2>&1)
    case $dw_seen in
        'lstat 4'*':"/"'*) ;;
        *)
            # This stat does not quote names.
            # shellcheck disable=SC2086
            dw_seen=$(exec stat -c "lstat $dw_format%n" -- / $1 2>&1)
            case $1 in
                *"$dw_marks"*)
                    dw_more
                    dw_see_links_carefully
                    ;;
            esac
            ;;
    esac
}

dw_see_denials() {
    case $dw_seen in
        *'ermission denied'* | *'not permitted'*)
            dw_more
            dw_keep_denied
            ;;
    esac
}

# Looks at the questions in dw_lines, as section $1.
dw_look_at_chunk() {
    if [ -n "${KSH_VERSION-}${YASH_VERSION-}" ]; then
        # These shells close descriptors in the programs that they start; those find them under this process.
        read -r dw_stat </proc/self/stat
        dw_fds=/proc/${dw_stat%% *}/fd
    fi
    dw_put "try $1"
    dw_marks=/dev/null/$dw_nonce/
    dw_open_questions
    # Raw mode, user id, group id, size and time of change, user, group; the name follows.
    dw_format='%f:%u:%g:%s+%Y:%U:%G:' dw_seen='' dw_seen_spots='' dw_are_named=
    if [ -n "$dw_spots" ]; then
        dw_see_names "$dw_spots"
        dw_out=$dw_out$dw_seen$dw_nl
        dw_see_denials
    fi
    # shellcheck disable=SC2086
    dw_seen=$(exec stat -L -c "end %s %d $dw_format%n" -- / $dw_followed "${dw_marks}all" $dw_opened 2>&1)
    case $dw_seen in
        'end '*) ;;
        *)
            dw_put "stats unsupported${dw_nl}status $1${dw_nl}done $1"
            dw_close_all
            return 0
            ;;
    esac
    dw_seen_ends=$dw_seen
    [ "$dw_uid" != 0 ] || dw_drop_planted
    dw_seen=$dw_seen_ends dw_out=$dw_out$dw_seen_ends$dw_nl
    dw_see_denials
    dw_root_device=${dw_seen#end * }
    dw_root_device=${dw_root_device%% *}
    dw_choose
    dw_put "status $1"
    dw_flush
    dw_begin_slow
    dw_wrong=
    if command -v sha256sum >/dev/null; then
        [ -z "$dw_small" ] || dw_hash "$dw_small"
        if [ -n "$dw_wrong" ]; then
            dw_more
            dw_tell
        fi
        for dw_file in $dw_large; do
            dw_flush
            dw_hash "$dw_file"
        done
    else
        for dw_file in $dw_small $dw_large; do dw_put "unread ${dw_file##*/} unsupported"; done
    fi
    dw_end_slow
    dw_close_all
    dw_put "done $1"
}
