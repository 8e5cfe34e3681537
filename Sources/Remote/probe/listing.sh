# Listings: the files that patterns find, the names in folders, and all that lies below folders.

# Whether the folders that a pattern goes through can be searched, so that what it does not find is not there.
dw_can_search() {
    dw_rest=${1#/} dw_prefix=
    while :; do
        dw_part=${dw_rest%%/*}
        set +f
        # shellcheck disable=SC2086
        for dw_folder in ${dw_prefix:-/}; do
            [ -d "$dw_folder" ] || continue
            [ -x "$dw_folder" ] || return 1
            case $dw_part in *[*?[]*) [ -r "$dw_folder" ] || return 1 ;; esac
        done
        set -f
        case $dw_rest in */*) ;; *) return 0 ;; esac
        dw_rest=${dw_rest#*/} dw_prefix=$dw_prefix/$dw_part
    done
}

dw_list_matches() {
    if ! dw_can_search "$1"; then
        set -f
        dw_put denied
        dw_state=partial
    fi
    set +f
    # shellcheck disable=SC2086
    set -- $1
    set -f
    if [ $# -gt 2000 ]; then
        dw_put cut
        return 0
    fi
    dw_matches='' dw_followed=''
    for dw_path; do
        [ -e "$dw_path" ] || [ -h "$dw_path" ] || continue
        case $dw_path in *"$dw_nl"*) dw_put odd && continue ;; esac
        # Root follows no folder that another account's link leads to.
        if [ "$dw_uid" = 0 ]; then
            dw_approve
            if [ -n "$dw_planters" ]; then dw_put planted && continue; fi
        fi
        dw_matches=$dw_matches$dw_path$dw_nl
        [ ! -h "$dw_path" ] || dw_followed=$dw_followed$dw_path$dw_nl
    done
    dw_flush
    # shellcheck disable=SC2086
    [ -z "$dw_matches" ] || stat -c "at $dw_format%n" -- $dw_matches
    # shellcheck disable=SC2086
    [ -z "$dw_followed" ] || stat -L -c "end $dw_format%n" -- $dw_followed
}

dw_list_names() {
    if [ ! -r "$1" ] || [ ! -x "$1" ]; then
        dw_put denied
        dw_state=partial
        return 0
    fi
    set +f
    set -- "$1"/* "$1"/.[!.]* "$1"/..?*
    set -f
    if [ $# -gt 5000 ]; then
        dw_put cut
        return 0
    fi
    for dw_path; do
        [ -e "$dw_path" ] || [ -h "$dw_path" ] || continue
        case ${dw_path##*/} in
            *"$dw_nl"*) dw_put odd ;;
            *) dw_put "name ${dw_path##*/}" ;;
        esac
    done
}

dw_find_below() {
    find -H "$dw_where" -mindepth 1 -xdev -name "*$dw_nl*" -prune -exec sh -c 'echo odd' sh {} + \
        -o -exec stat -c "at $dw_format%n" -- {} + 2>&1 | head -n 20001
}

dw_list_tree() {
    # Folders that are closed to some accounts may be closed to this one.
    if [ "$dw_uid" != 0 ] && [ -n "$(find -H "$dw_where" -xdev -type d ! -perm -005 2>&1 | head -n 1)" ]; then
        dw_state=partial
    fi
    dw_was=$dw_state
    dw_run_bounded dw_find_below 10
    if [ "$dw_state" = slow ]; then
        dw_state=$dw_was
        dw_put slow
    fi
}

dw_list_folder() {
    if [ "$dw_uid" = 0 ]; then
        dw_path=$dw_where
        if ! dw_approve || [ -n "$dw_planters" ]; then
            dw_put planted
            return 0
        fi
    fi
    if [ ! -d "$dw_where" ]; then
        dw_put missing
    elif [ "$dw_kind" = names ]; then
        dw_list_names "$dw_where"
    else
        dw_list_tree
    fi
}

dw_look_at_listing() {
    dw_format='%f:%u:%g:%s+%Y:%U:%G:'
    for dw_question in $dw_asked; do
        dw_put "asked $dw_question"
        dw_kind=${dw_question%% *} dw_where=${dw_question#* }
        case $dw_known:$dw_where in
            yes:'~/'*) dw_where=$dw_home/${dw_where#'~/'} ;;
            *:'~/'*) dw_kind=homeless ;;
        esac
        case $dw_kind in
            homeless) dw_put homeless ;;
            match) dw_list_matches "$dw_where" ;;
            *) dw_list_folder ;;
        esac
        dw_put 'done'
    done
}
