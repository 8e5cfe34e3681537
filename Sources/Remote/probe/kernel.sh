# Kernel modules: whether each one that was asked about is loaded, or a part of the kernel.

dw_look_at_kernel() {
    if [ ! -d /sys/module ]; then
        dw_state=unsupported
        return 0
    fi
    dw_modules=
    [ ! -r /proc/modules ] || dw_read_file /proc/modules dw_modules
    for dw_module in $dw_asked; do
        case $dw_module in */*) continue ;; esac
        case $dw_nl$dw_modules in
            *"$dw_nl$dw_module "*) dw_put "loaded $dw_module" ;;
            *) if [ -d "/sys/module/$dw_module" ]; then dw_put "builtin $dw_module"; else dw_put "absent $dw_module"; fi ;;
        esac
    done
}
