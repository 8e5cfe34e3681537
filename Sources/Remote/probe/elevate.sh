# As root: what the login user may not see is asked again through sudo, once, if that needs no password. A probe that
# runs as root follows only links that root or the file's owner made.

# Sets dw_target and dw_owner of a link.
dw_see_link() {
    dw_owner=0
    case $1 in
        # Every process has its own.
        /proc/self)
            dw_target=$$
            return 0
            ;;
    esac
    case $dw_links in
        *"$dw_nl$1 -> "*)
            dw_target=${dw_links##*"$dw_nl$1 -> "}
            dw_target=${dw_target%%"$dw_nl"*}
            dw_owner=${dw_target%% *}
            dw_target=${dw_target#* }
            return 0
            ;;
    esac
    dw_owner=$(exec stat -c %u -- "$1")
    dw_read_link "$1" && [ -n "$dw_owner" ] && dw_links="$dw_links$1 -> $dw_owner $dw_raw$dw_nl"
    dw_target=$dw_raw
}

# Resolves dw_path link by link. dw_spot is the path with its folders resolved, dw_real the file at the end, empty if
# there is none. The owners of links that are not root's are added to dw_planters, for dw_is_approved. Fails if a name
# on the way contains a newline.
dw_approve() {
    dw_rest=$dw_path dw_real='' dw_spot='' dw_hops=0 dw_planters=''
    while [ -n "$dw_rest" ]; do
        dw_part=${dw_rest%%/*}
        case $dw_rest in
            */*) dw_rest=${dw_rest#*/} ;;
            *) dw_rest= ;;
        esac
        case $dw_part in
            '' | .) continue ;;
            ..)
                dw_real=${dw_real%/*}
                continue
                ;;
        esac
        dw_here=$dw_real/$dw_part
        [ -n "$dw_rest" ] || [ -n "$dw_spot" ] || dw_spot=$dw_here
        if [ -h "$dw_here" ]; then
            dw_hops=$((dw_hops + 1))
            [ "$dw_hops" -le 40 ] || break
            dw_see_link "$dw_here"
            [ "$dw_owner" = 0 ] || dw_planters="$dw_planters $dw_owner"
            case $dw_target in /*) dw_real= ;; esac
            dw_rest=$dw_target${dw_rest:+/$dw_rest}
        else
            dw_real=$dw_here
        fi
    done
    dw_real=${dw_real:-/}
    dw_spot=${dw_spot:-$dw_real}
    [ "$dw_hops" -le 40 ] && [ -e "$dw_real" ] || dw_real=
    case $dw_spot$dw_real in *"$dw_nl"*) return 1 ;; esac
}

# Resolves the path of a question before anything is opened. Folders are opened too, so that their status comes from the
# folder that was resolved.
dw_prepare_as_root() {
    if ! dw_approve; then
        dw_out=$dw_out"gone $dw_item planted"$dw_nl
        return 1
    fi
    if [ -d "$dw_real" ]; then
        dw_opens=d
    elif [ "$dw_kind" = s ] && [ -f "$dw_real" ]; then
        dw_opens=f
    fi
}

# Removes from dw_seen_ends every descriptor whose file is not the one that was resolved. It is not read.
dw_drop_planted() {
    dw_kept=
    dw_note_descriptors
    for dw_line in $dw_seen_ends; do
        if dw_cut_end "$dw_line" && ! dw_is_approved; then
            eval "dw_split \"\$dw_question_$dw_fd\""
            dw_out=$dw_out"gone $dw_item planted"$dw_nl
            continue
        fi
        dw_kept=$dw_kept$dw_line$dw_nl
    done
    dw_seen_ends=${dw_kept%"$dw_nl"}
}

# Whether the file of descriptor dw_fd, with the status dw_line, is the one that dw_approve resolved, and every link on
# the way belongs to root or to the file's owner.
dw_is_approved() {
    eval "dw_real=\$dw_real_$dw_fd dw_planters=\$dw_planters_$dw_fd dw_found=\$dw_found_$dw_fd"
    [ "$dw_found" = "$dw_real" ] || return 1
    dw_owner=${dw_line#end * * *:}
    dw_owner=${dw_owner%%:*}
    IFS=' '
    for dw_planter in $dw_planters; do
        if [ "$dw_planter" != "$dw_owner" ]; then
            IFS=$dw_nl
            return 1
        fi
    done
    IFS=$dw_nl
}

# Whether PATH has a program; dw_folder is its folder then. command -v of some shells finds files that are not executable.
dw_has() {
    IFS=:
    for dw_folder in $PATH; do
        if [ -x "$dw_folder/$1" ]; then
            IFS=$dw_nl
            return 0
        fi
    done
    IFS=$dw_nl
    return 1
}

# Asks a second probe, run by root, about what was denied.
dw_elevate() {
    dw_has sudo || return 0
    dw_begin_slow
    dw_time_left
    dw_inner=$dw_nonce'0'
    dw_request="#driftwatch-probe $dw_inner $dw_version$dw_nl#time $((dw_left - 1))$dw_nl"
    for dw_line in $dw_denied; do dw_request="$dw_request#file $dw_line$dw_nl"; done
    dw_request=$dw_request$dw_denied_topics
    dw_request="$dw_request#end$dw_nl"
    dw_put 'elevate'
    dw_flush
    if [ "$dw_pinned" = yes ]; then
        printf '%s' "$dw_request" | sudo -n -- "$dw_self"
    else
        # The script is sent on standard input before the questions: sudo logs arguments.
        printf '%s\n%s' "$dw_self" "$dw_request" | sudo -n -- /bin/sh -c '
            while IFS= read -r dw_line; do
                case $dw_line in "#driftwatch-probe $0 "*) break ;; esac
                dw_probe="${dw_probe-}$dw_line
"
            done
            { printf "%s\n" "$dw_line" && cat; } | /bin/sh -c "$dw_probe" "$dw_probe"' "$dw_inner"
    fi
    dw_put "elevated $dw_nonce"
    dw_end_slow
}
