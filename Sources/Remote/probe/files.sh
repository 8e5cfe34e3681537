# Files: one batch of questions, with one open for each file. Type, owner, hash, resolved name and text come from the
# same descriptor, so that nobody can have us hash one file and read another.
#
# A shell pays for every command. What is said of a batch gathers in dw_out, and a question is taken apart once a stage.

# Takes "ITEM KIND HASHES PATH" apart.
dw_split() {
    dw_item=${1%% *} dw_path=${1#* }
    dw_kind=${dw_path%% *} dw_path=${dw_path#* }
    dw_hashes=${dw_path%% *} dw_path=${dw_path#* }
}

dw_flush() {
    printf %s "$dw_out"
    dw_out=
}

# Keeps a question for root.
dw_deny() {
    dw_out=$dw_out"$1 $dw_item denied"$dw_nl
    dw_denied=$dw_denied"$dw_item $dw_kind $dw_hashes $dw_path"$dw_nl
}

# Sets dw_raw to the text of a link; fails where it holds a newline.
dw_read_link() {
    dw_raw=$(readlink -n -- "$1" && printf .)
    dw_raw=${dw_raw%.}
    case $dw_raw in '' | *"$dw_nl"*) return 1 ;; esac
}

# Opens what is asked about, as far as that is open to us, and lists what stat is asked.
#
# Before each path stat is asked about a mark, /dev/null/NONCE/ITEM/DESCRIPTOR, which always fails: an answer or an
# error belongs to the mark before it, and no line is counted. Behind the last mark the descriptors follow.
dw_open_questions() {
    dw_next=$dw_lowest dw_opened='' dw_spots='' dw_followed=''
    for dw_question in $dw_lines; do
        dw_split "$dw_question"
        dw_fd='' dw_spot=$dw_path dw_real=$dw_path dw_opens=$dw_kind
        if [ "$dw_uid" = 0 ]; then
            if ! dw_approve; then
                dw_out=$dw_out"gone $dw_item planted"$dw_nl
                continue
            fi
            [ ! -d "$dw_real" ] || dw_opens=d
            [ "$dw_kind" != s ] || [ ! -f "$dw_real" ] || dw_opens=f
        fi
        eval "dw_question_$dw_item=\$dw_question dw_spot_$dw_item=\$dw_spot"
        if [ "$dw_opens" = d ] || { [ "$dw_opens" != s ] && [ -f "$dw_real" ] && [ -r "$dw_real" ]; }; then
            if [ "$dw_next" -le "$dw_highest" ] && eval "command exec $dw_next<\"\$dw_real\""; then
                dw_fd=$dw_next
                dw_next=$((dw_next + 1)) dw_opened=$dw_opened$dw_fds/$dw_fd$dw_nl
                eval "dw_asked_$dw_fd=\$dw_question dw_real_$dw_fd=\$dw_real dw_planters_$dw_fd=\${dw_planters-}"
            fi
        fi
        dw_spots=$dw_spots$dw_marks$dw_item/$dw_fd$dw_nl$dw_spot$dw_nl
        if [ -z "$dw_fd" ] && [ -h "$dw_spot" ]; then
            if [ -n "$dw_real" ]; then
                dw_followed=$dw_followed$dw_marks$dw_item/$dw_nl$dw_real$dw_nl
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

# A status as it travels: raw mode, owner, group, size, their names. Device and name follow and stay here.
dw_format='%f:%u:%g:%s:%U:%G:%d:%N'
dw_cut_status() {
    dw_name=${1#*:*:*:*:*:*:*:}
    dw_status=${1%":$dw_name"}
    dw_device=${dw_status##*:} dw_status=${dw_status%:*}
}

# What stat said of a path that it could not look at: $1 is its words, $2 what it means that there is nothing.
dw_see_error() {
    eval "dw_split \"\$dw_question_$dw_item\""
    case $1 in
        *': No such file or directory' | *': Not a directory') dw_out=$dw_out"$2 $dw_item$3"$dw_nl ;;
        *': Too many levels of symbolic links') dw_out=$dw_out"$2 $dw_item$3"$dw_nl ;;
        *': Permission denied' | *': Operation not permitted') dw_deny gone ;;
        *) dw_out=$dw_out"gone $dw_item error"$dw_nl ;;
    esac
}

# Says what lstat sees, and notes which items are links and where descriptors lead.
dw_see_spots() {
    dw_item='' dw_links_seen=' '
    for dw_line in $dw_seen; do
        case $dw_line in
            'stat: '*"$dw_marks"*)
                dw_item=${dw_line##*"$dw_marks"} dw_fd=${dw_line##*/}
                dw_item=${dw_item%%/*} dw_fd=${dw_fd%%[!0-9]*}
                continue
                ;;
            'stat: '*)
                [ -z "$dw_item" ] || dw_see_error "$dw_line" gone ' missing'
                dw_item=
                continue
                ;;
        esac
        if [ "$dw_item" = all ]; then
            dw_name=${dw_line#*:*:*:*:*:*:*:}
            dw_fd=${dw_name#*/fd/} dw_raw=${dw_name#*'" -> "'}
            dw_fd=${dw_fd%%[!0-9]*} dw_raw=${dw_raw%\"}
            # A name with escapes, or by a stat that has none.
            case $dw_name$dw_careful in *\\* | *yes) dw_read_link "$dw_fds/$dw_fd" || dw_raw= ;; esac
            eval "dw_found_$dw_fd=\$dw_raw"
            continue
        fi
        case $dw_line in
            a*)
                [ -n "$dw_item" ] || continue
                dw_cut_status "$dw_line"
                dw_links_seen="$dw_links_seen$dw_item "
                if [ "$dw_careful" = no ]; then
                    dw_raw=${dw_name#*'" -> '}
                else
                    eval "dw_spot=\$dw_spot_$dw_item"
                    dw_raw='='$(readlink -n -- "$dw_spot" | tr '\n' '\001')
                fi
                dw_out=$dw_out"stat $dw_item $dw_status${dw_nl}link $dw_item $dw_raw"$dw_nl
                ;;
            *)
                if [ -n "$dw_item" ] && [ -z "$dw_fd" ]; then
                    dw_cut_status "$dw_line"
                    dw_out=$dw_out"stat $dw_item $dw_status"$dw_nl
                    dw_see_unopened
                fi
                ;;
        esac
        dw_item=
    done
}

# Whose content may be asked for, and which could not be opened.
dw_see_unopened() {
    eval "dw_split \"\$dw_question_$dw_item\""
    [ "$dw_kind" != s ] || return 0
    dw_size=${dw_status#*:*:*:}
    dw_size=${dw_size%%:*}
    case $dw_status in
        8*)
            if [ -r "$dw_path" ]; then
                dw_out=$dw_out"nohash $dw_item error"$dw_nl
            elif [ "$dw_size" -gt "$dw_hash_bytes" ]; then
                dw_out=$dw_out"nohash $dw_item large"$dw_nl
            else
                dw_deny nohash
            fi
            ;;
        *) dw_out=$dw_out"nohash $dw_item special"$dw_nl ;;
    esac
}

# Says what links lead to and what descriptors are, and chooses what to hash.
dw_see_ends() {
    dw_item='' dw_small='' dw_large=''
    for dw_line in $dw_seen; do
        case $dw_line in
            'stat: '*"$dw_marks"*)
                dw_item=${dw_line##*"$dw_marks"}
                dw_item=${dw_item%%/*}
                ;;
            'stat: '*)
                case $dw_item in
                    [0-9]*) dw_see_error "$dw_line" dangling '' ;;
                esac
                dw_item=
                ;;
            *)
                dw_cut_status "$dw_line"
                case $dw_item in
                    all)
                        dw_fd=${dw_name##*/}
                        dw_see_descriptor
                        dw_item=all
                        ;;
                    [0-9]*)
                        dw_out=$dw_out"dest $dw_item $dw_status"$dw_nl
                        dw_see_unopened
                        dw_item=
                        ;;
                esac
                ;;
        esac
    done
}

dw_see_descriptor() {
    eval "dw_split \"\$dw_asked_$dw_fd\"; dw_found=\${dw_found_$dw_fd-} dw_mode_$dw_fd=\${dw_status%%:*}"
    if [ "$dw_uid" = 0 ] && ! dw_is_approved; then
        dw_out=$dw_out"gone $dw_item planted"$dw_nl
        return 0
    fi
    case $dw_links_seen in
        *" $dw_item "*) dw_out=$dw_out"dest $dw_item $dw_status"$dw_nl ;;
        *) dw_out=$dw_out"stat $dw_item $dw_status"$dw_nl ;;
    esac
    [ "$dw_kind" != s ] || return 0
    case $dw_status in
        8*) ;;
        *)
            dw_out=$dw_out"nohash $dw_item special"$dw_nl
            return 0
            ;;
    esac
    # A name with a newline is not said: where the file lies, is then not known.
    [ "$dw_found" = "$dw_path" ] || dw_out=$dw_out"real $dw_item =$dw_found"$dw_nl
    dw_size=${dw_status#*:*:*:}
    dw_size=${dw_size%%:*}
    if [ "$dw_device" != "$dw_root_device" ] && dw_is_on_pseudo; then
        dw_out=$dw_out"nohash $dw_item pseudo"$dw_nl
    elif [ "$dw_size" -gt "$dw_hash_bytes" ]; then
        dw_out=$dw_out"nohash $dw_item large"$dw_nl
    elif [ "$dw_size" -gt 1048576 ]; then
        dw_large=$dw_large$dw_fds/$dw_fd$dw_nl
    else
        dw_small=$dw_small$dw_fds/$dw_fd$dw_nl
    fi
    eval "dw_size_$dw_fd=\$dw_size"
}

# Says hashes. Whose content is not the wanted one goes to dw_wrong, for its text.
dw_hash() {
    dw_hashed=' '
    for dw_line in $(exec sha256sum -- "$@"); do
        dw_fd=${dw_line##*/} dw_hash=${dw_line%% *}
        [ "${#dw_hash}" = 64 ] || continue
        eval "dw_split \"\$dw_asked_$dw_fd\""
        dw_out=$dw_out"hash $dw_item $dw_hash"$dw_nl dw_hashed="$dw_hashed$dw_fd "
        # With several hashes, what is right for one pack is wrong for another, which wants to see the difference.
        [ "$dw_hashes" = "$dw_hash" ] || dw_wrong=$dw_wrong$dw_fd$dw_nl
    done
    for dw_file in "$@"; do
        case $dw_hashed in
            *" ${dw_file##*/} "*) ;;
            *)
                eval "dw_split \"\$dw_asked_${dw_file##*/}\""
                dw_out=$dw_out"nohash $dw_item error"$dw_nl
                ;;
        esac
    done
    dw_flush
}

# Looks at the questions in dw_lines, as section $1.
dw_look() {
    if [ -n "${KSH_VERSION-}${YASH_VERSION-}" ]; then
        # These close descriptors in the programs that they start, which find them in this process.
        read -r dw_stat </proc/self/stat
        dw_fds=/proc/${dw_stat%% *}/fd
    fi
    dw_out="try $1$dw_nl"
    dw_marks=/dev/null/$dw_nonce/
    dw_open_questions
    # shellcheck disable=SC2086
    dw_seen=$(exec stat -c "$dw_format" -- / $dw_spots "${dw_marks}all/" $dw_opened 2>&1)
    dw_careful=no
    case $dw_seen in
        4*':"/"'*) ;;
        4*)
            # A stat that knows no quoting would let a link's text pass for an answer.
            dw_careful=yes
            # shellcheck disable=SC2086
            dw_seen=$(exec stat -c "${dw_format%N}n" -- / $dw_spots "${dw_marks}all/" $dw_opened 2>&1)
            ;;
        *)
            dw_out=$dw_out"stats unsupported${dw_nl}status $1${dw_nl}done $1"$dw_nl
            dw_flush
            dw_close_all
            return 0
            ;;
    esac
    dw_cut_status "${dw_seen%%"$dw_nl"*}"
    dw_root_device=$dw_device
    dw_see_spots
    dw_seen=
    # shellcheck disable=SC2086
    [ -z "$dw_followed$dw_opened" ] ||
        dw_seen=$(exec stat -L -c "${dw_format%N}n" -- $dw_followed "${dw_marks}all/" $dw_opened 2>&1)
    dw_see_ends
    dw_out=$dw_out"status $1"$dw_nl
    dw_flush
    dw_begin_slow
    dw_wrong=
    if command -v sha256sum >/dev/null; then
        # shellcheck disable=SC2086
        [ -z "$dw_small" ] || dw_hash $dw_small
        dw_tell
        for dw_file in $dw_large; do dw_hash "$dw_file"; done
    else
        for dw_file in $dw_small $dw_large; do
            eval "dw_split \"\$dw_asked_${dw_file##*/}\""
            dw_out=$dw_out"nohash $dw_item unsupported"$dw_nl
        done
    fi
    dw_end_slow
    dw_close_all
    dw_out=$dw_out"done $1"$dw_nl
    dw_flush
}
