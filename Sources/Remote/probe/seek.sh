# Files that a topic reads: finds them, whatever hangs, and reads what may be read.

# Sets dw_seen to what is at dw_path: read, missing, special, denied or planted. Root reads only what dw_approve has
# resolved, into dw_real.
dw_see_file() {
    dw_seen=read dw_real=$dw_path
    if [ "$dw_uid" = 0 ]; then
        if ! dw_approve; then
            dw_seen=planted
            return 0
        fi
        if [ -n "$dw_planters" ] && [ -n "$dw_real" ]; then
            dw_owner=$(exec stat -c %u -- "$dw_real")
            IFS=' '
            for dw_planter in $dw_planters; do [ "$dw_planter" = "$dw_owner" ] || dw_seen=planted; done
            IFS=$dw_nl
            [ "$dw_seen" = read ] || return 0
        fi
    fi
    if [ -n "$dw_real" ] && [ -e "$dw_real" ]; then
        if [ ! -f "$dw_real" ]; then dw_seen=special; elif [ ! -r "$dw_real" ]; then dw_seen=denied; fi
        return 0
    fi
    dw_seen=missing dw_folder=$dw_path
    while [ -n "$dw_folder" ] && [ ! -d "$dw_folder" ]; do dw_folder=${dw_folder%/*}; done
    [ -x "${dw_folder:-/}" ] || dw_seen=denied
}

dw_put_found() {
    dw_see_file
    dw_put "path $dw_seen $dw_path"
    [ "$dw_seen" != read ] || dw_put "real $dw_real"
}

# Finds the files of everything in dw_asked with the function $1, which prints for each of dw_pending: about and its
# name, what dw_put_found finds, next. What hangs is slow, and the others are tried again. Then reads the files with the
# function $2, whose arguments are each file's number and path.
dw_seek() {
    dw_number=0 dw_readable='' dw_paths='' dw_left_over='' dw_pending=$dw_asked dw_tries=0
    while [ -n "$dw_pending" ] && [ "$dw_tries" -lt 3 ]; do
        dw_tries=$((dw_tries + 1))
        # The child has a copy of what waits for output.
        dw_flush
        dw_name=${dw_pending%%"$dw_nl"*} dw_lacks=
        for dw_line in $(dw_run "$1" 5 || dw_end_all "$dw_child"); do
            case $dw_line in
                'about '*) dw_name=${dw_line#about } dw_lacks= ;;
                'path '*)
                    dw_number=$((dw_number + 1))
                    case $dw_line in 'path denied '*) dw_lacks=yes ;; esac
                    dw_put "path $dw_number ${dw_line#path }"
                    continue
                    ;;
                'real '*)
                    dw_paths=$dw_paths${dw_line#real }$dw_nl
                    dw_readable=$dw_readable$dw_number$dw_nl${dw_line#real }$dw_nl
                    continue
                    ;;
                next)
                    dw_pending=${dw_pending#"$dw_name$dw_nl"}
                    [ -z "$dw_lacks" ] || dw_left_over=$dw_left_over$dw_name$dw_nl
                    ;;
            esac
            dw_put "$dw_line"
        done
        [ -n "$dw_pending" ] || break
        dw_put "slow ${dw_pending%%"$dw_nl"*}"
        dw_pending=${dw_pending#*"$dw_nl"}
    done
    for dw_name in $dw_pending; do dw_put "slow $dw_name"; done
    dw_cut=$2
    [ -z "$dw_readable" ] || dw_run_bounded dw_read_found 8
    dw_put whole
    if [ -n "$dw_left_over" ] && [ "$dw_state" = ok ]; then dw_state=partial dw_asked=$dw_left_over; fi
}

# Reads the files that were found, but for those of a megabyte and more.
dw_read_found() {
    # shellcheck disable=SC2086
    set -- $dw_readable
    # shellcheck disable=SC2086
    dw_sizes=$dw_nl$(exec stat -L -c '%s %n' -- $dw_paths)$dw_nl dw_small=
    while [ $# -gt 1 ]; do
        dw_size=${dw_sizes%%" $2$dw_nl"*}
        dw_size=${dw_size##*"$dw_nl"}
        case $dw_size in
            '' | *[!0-9]*) dw_put "error $1" ;;
            ???????*) dw_put "large $1" ;;
            *) dw_small=$dw_small$1$dw_nl$2$dw_nl ;;
        esac
        shift 2
    done
    dw_flush
    # shellcheck disable=SC2086
    [ -z "$dw_small" ] || "$dw_cut" $dw_small
}
