# The databases of rpm, apk and pacman. The script asks itself for them where dpkg manages nothing.
#
# Every list is sent whole, between "manager NAME" and "complete NAME COUNT": the worker takes the first that is not
# empty. rpm prints in a format of ours, apk's and pacman's files are sent as they are, but for the fields not needed.

dw_look_at_installed() {
    dw_rpm='' dw_apk='' dw_pacman=''
    for dw_entry in /var/lib/rpm/rpmdb.sqlite /var/lib/rpm/Packages.db /var/lib/rpm/Packages \
        /usr/lib/sysimage/rpm/rpmdb.sqlite /usr/lib/sysimage/rpm/Packages.db /usr/lib/sysimage/rpm/Packages; do
        # Where there is no database, rpm would create one.
        [ -n "$dw_rpm" ] || [ ! -s "$dw_entry" ] || dw_rpm=$dw_entry
    done
    for dw_entry in /lib/apk/db/installed /usr/lib/apk/db/installed; do
        [ -n "$dw_apk" ] || [ ! -s "$dw_entry" ] || dw_apk=$dw_entry
    done
    if command -v pacman >/dev/null; then
        dw_conf=$(exec pacman-conf DBPath IgnorePkg IgnoreGroup) || dw_conf=
        dw_pacman=/var/lib/pacman
        for dw_line in $dw_conf; do
            case $dw_line in 'DBPath = /'*) dw_pacman=${dw_line#*= } ;; esac
        done
        dw_pacman=${dw_pacman%/}/local
        # pacman lists what it has there; a file stands beside the folders.
        [ -d "$dw_pacman" ] || dw_pacman=
    fi
    [ -z "$dw_rpm" ] || command -v rpm >/dev/null || dw_rpm=
    for dw_entry in "$dw_rpm" "$dw_apk" "$dw_pacman"; do
        [ -z "$dw_entry" ] || [ -r "$dw_entry" ] || dw_state=denied
    done
    [ "$dw_state" != ok ] || dw_run_bounded dw_list_installed 10
}

dw_list_installed() {
    if [ -n "$dw_rpm" ]; then
        dw_put 'manager rpm'
        dw_flush
        rpm --dbpath "${dw_rpm%/*}" -qa --qf '+ %{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE} %{ARCH}\n' 2>&1 &&
            dw_put 'complete rpm -'
    fi
    if [ -n "$dw_apk" ]; then
        dw_put 'manager apk'
        if [ -r /etc/apk/world ]; then
            dw_put world-read
            dw_read_file /etc/apk/world dw_world
            for dw_entry in $dw_world; do dw_put "world $dw_entry"; done
        fi
        dw_flush
        grep -ax -e '[PVAp]:.*' -e '' "$dw_apk" && dw_put 'complete apk -'
    fi
    [ -z "$dw_pacman" ] || dw_list_pacman
    dw_flush
}

dw_list_pacman() {
    dw_put 'manager pacman'
    if [ -n "$dw_conf" ]; then
        dw_put conf-read
        for dw_line in $dw_conf; do dw_put "conf $dw_line"; done
    fi
    set +f
    # The folders are counted, so that one without its file is noticed.
    set -- "$dw_pacman"/*/
    [ -d "$1" ] || shift
    dw_count=$#
    set -- "$dw_pacman"/*/desc
    set -f
    dw_flush
    # Prints the sections that are needed up to their empty line, and passes over the others.
    dw_wanted="/$dw_caret%\(NAME\|VERSION\|ARCH\|PROVIDES\|GROUPS\)%\$/"
    if [ "$dw_count" = 0 ] ||
        sed -n -e "$dw_wanted{" -e :p -e p -e n -e /./bp -e p -e d -e } -e :k -e '/./!d' -e n -e bk "$@"; then
        dw_put "complete pacman $dw_count"
    fi
}
