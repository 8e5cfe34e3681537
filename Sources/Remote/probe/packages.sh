# Packages: the whole database at once.

dw_look_at_packages() {
    if command -v dpkg-query >/dev/null; then
        if dpkg-query -W -f 'pkg ${db:Status-Abbrev}/${Package}/${Version}/${Architecture}\n'; then
            dw_say 'pkgs dpkg'
        else
            dw_say 'pkgs error'
        fi
    else
        dw_say 'pkgs unsupported'
    fi
}
