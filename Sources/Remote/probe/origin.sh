# Where changes of files may come from: the packages that own them, what the package managers did since, and who was
# logged in. Asked only in a second round, about files that have just turned out to be wrong.

dw_look_at_origin() {
    dw_age='' dw_paths=''
    for dw_question in $dw_asked; do
        case $dw_question in
            'since '*) dw_age=${dw_question#* } ;;
            'file /'*) dw_paths=$dw_paths${dw_question#* }$dw_nl ;;
        esac
    done
    # Digits only, as with the time for the answer.
    case $dw_age in
        '' | *[!0-9]* | ?????????*)
            dw_state=error
            return 0
            ;;
    esac
    dw_tell_time
    dw_put "now $dw_time"
    [ -z "$dw_paths" ] || dw_run_bounded dw_ask_packages 5
    dw_run_bounded dw_ask_logins 5
    # Each part says itself whether it is whole.
    dw_state=ok
}

# Lines of dpkg's log after a moment are found by comparing text, which is the machine's time: 132 is the last letter, which
# this script does not use.
dw_ask_packages() {
    unset "$(printf 'T\132')"
    if [ -d /var/lib/dpkg/info ]; then
        set +f
        # shellcheck disable=SC2062
        printf '%s' "$dw_paths" | grep -FHx -f - -- /var/lib/dpkg/info/*.list
        set -f
        dw_files=
        for dw_file in /var/log/dpkg.log.1 /var/log/dpkg.log; do
            [ ! -r "$dw_file" ] || dw_files=$dw_files$dw_file$dw_nl
        done
        # shellcheck disable=SC2016,SC2086
        [ -z "$dw_files" ] || dw_since=$(dw_write_time $((dw_time - dw_age))) awk '
$1 " " $2 >= ENVIRON["dw_since"] && ($3 == "upgrade" || $3 == "install" || $3 == "remove") && NF == 6 && ++n <= 4000 {
    print "log", $3, $4, $5, $6
}' $dw_files
    fi
    if [ -d /var/lib/rpm ] || [ -d /usr/lib/sysimage/rpm ]; then
        dw_count=0
        for dw_path in $dw_paths; do
            dw_count=$((dw_count + 1))
            [ "$dw_count" -le 20 ] || break
            printf 'rpm %s\n' "$dw_path"
            rpm -qf --qf 'rpm-package %{NAME} %{VERSION}-%{RELEASE} %{INSTALLTIME}\n' -- "$dw_path"
        done
    fi
    echo packages-end
}

# Writes a time as dpkg does. An at sign has no place in this script.
dw_write_time() {
    if [ -n "${BASH_VERSION-}" ]; then
        printf '%(%Y-%m-%d %H:%M:%S)T\n' "$1"
    else
        exec date -d "$(printf '\100')$1" '+%Y-%m-%d %H:%M:%S'
    fi
}

# Names and times alone: where somebody came from is nobody's business.
dw_ask_logins() {
    # shellcheck disable=SC2016
    last -w -R --time-format iso -n 300 | awk '
NF > 3 && $3 ~ /[0-9]T[0-9]/ { print "login", $1, $3, $4 == "-" ? $5 : $4 == "still" ? $4 : "gone" }
END { if (NR) print "logins-end" }'
}
