# Services: what the service manager says of each unit that was asked about.
#
# A question is "unit NAME", or "template NAME" for a template, which systemctl show refuses, with all names after it.

dw_look_at_services() {
    if [ -d /run/systemd/system ]; then
        dw_sort_units
        if ! command -v systemctl >/dev/null; then
            dw_state=unsupported
        elif [ "$dw_uid" != 0 ] && [ ! -S /run/dbus/system_bus_socket ]; then
            # Without the bus, systemd answers root alone.
            dw_state=denied
        else
            dw_put 'manager systemd'
            dw_run_bounded dw_ask_systemd 8
        fi
    elif [ -d /run/openrc ]; then
        dw_put 'manager openrc'
        dw_ask_openrc
    else
        dw_put 'manager none'
    fi
}

dw_sort_units() {
    dw_units='' dw_templates=''
    for dw_unit in $dw_asked; do
        case $dw_unit in
            *[*?[]*) ;;
            'unit '*) dw_units=$dw_units${dw_unit#* }$dw_nl ;;
            'template '*) dw_templates=$dw_templates${dw_unit#* }$dw_nl ;;
        esac
    done
}

# Every systemd has a basic.target: if that is listed, what is not listed does not exist.
dw_ask_systemd() {
    dw_fields=Id,Names,LoadState,ActiveState,SubState,Type,Result,UnitFileState,TriggeredBy,SourcePath,WantedBy
    # shellcheck disable=SC2086
    [ -z "$dw_units" ] || systemctl show -p "$dw_fields,ExecMainExitTimestampMonotonic" -- $dw_units
    printf '\ntemplates\n'
    # shellcheck disable=SC2086
    [ -z "$dw_templates" ] || systemctl list-unit-files --full --no-legend --no-pager -- basic.target $dw_templates
}

# Writes the runlevels that a boot goes through, then of each service its state and the runlevels that it is in.
dw_ask_openrc() {
    dw_boots='sysinit boot default' dw_level='' dw_levels=''
    read -r dw_level </run/openrc/softlevel
    case " $dw_boots " in *" $dw_level "*) ;; *) dw_boots="$dw_boots $dw_level" ;; esac
    set +f
    for dw_level in /etc/runlevels/*/; do
        dw_level=${dw_level%/}
        dw_level=${dw_level##*/}
        dw_levels=$dw_levels$dw_level$dw_nl
        # A runlevel within another one is a part of it.
        for dw_part in /etc/runlevels/"$dw_level"/*/; do
            dw_part=${dw_part%/}
            case " $dw_boots " in *" $dw_level "*) [ ! -d "$dw_part" ] || dw_boots="$dw_boots ${dw_part##*/}" ;; esac
        done
    done
    set -f
    dw_put "boots $dw_boots"
    for dw_unit in $dw_asked; do
        dw_unit=${dw_unit#* }
        dw_name=${dw_unit%.service}
        case $dw_unit in */* | .* | *[*?[]*) continue ;; *.service) ;; *) continue ;; esac
        dw_find_service
        dw_in=
        for dw_level in $dw_levels; do
            if [ -e "/etc/runlevels/$dw_level/$dw_name" ] || [ -h "/etc/runlevels/$dw_level/$dw_name" ]; then
                dw_in="$dw_in $dw_level"
            fi
        done
        dw_put "service $dw_unit $dw_found$dw_in"
    done
}

# Sets dw_found to the state of the service dw_name.
dw_find_service() {
    for dw_found in started starting stopping inactive failed wasinactive scheduled; do
        if [ -h "/run/openrc/$dw_found/$dw_name" ]; then
            [ "$dw_found" != started ] || dw_find_daemons
            return 0
        fi
    done
    dw_found=absent
    for dw_folder in /etc/init.d /usr/local/etc/init.d; do
        [ ! -x "$dw_folder/$dw_name" ] || dw_found=stopped
    done
}

# A service whose daemon is gone is still among the started ones.
dw_find_daemons() {
    set +f
    for dw_daemon in "/run/openrc/daemons/$dw_name"/*; do
        [ -r "$dw_daemon" ] || continue
        while IFS= read -r dw_line; do
            case $dw_line in pidfile=?*) ;; *) continue ;; esac
            dw_line=${dw_line#*=}
            dw_pid=
            if [ -f "$dw_line" ] && [ -r "$dw_line" ]; then
                read -r dw_pid <"$dw_line"
                case $dw_pid in '' | *[!0-9]*) dw_pid=none ;; esac
                # /proc may hide the processes of others. Before the message, dash prints the whole script: $0.
                [ -d "/proc/$dw_pid" ] || case $(kill -0 "$dw_pid" 2>&1) in *ermitted) ;; *) dw_found=crashed ;; esac
            elif [ -e "$dw_line" ] || [ ! -x "${dw_line%/*}" ]; then
                dw_found=unsure
            else
                dw_found=crashed
            fi
        done <"$dw_daemon"
    done
    set -f
}
