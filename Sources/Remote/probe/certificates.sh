# Certificates: the public part of PEM files, and nothing else of them.

# Prints the certificates in the files in its arguments, each after the file's number. A block counts only from its first
# line to its last, with nothing but base64 between.
dw_cut_certificates() {
    # shellcheck disable=SC2016,SC2048,SC2086
    awk '
BEGIN {
    for (i = 1; i < ARGC; i += 2) {
        n = inside = strange = 0
        while ((r = (getline s < ARGV[i + 1])) > 0) {
            sub(/[ \t\r]+$/, "", s)
            if (s == "-----BEGIN CERTIFICATE-----") {
                inside = 1
                b = ""
            } else if (index(s, "-----") == 1) {
                if (inside && s == "-----END CERTIFICATE-----") {
                    n++
                    if (n > 20 || (sent += length(b)) > 1000000) break
                    print "pem " ARGV[i] " " b
                }
                inside = 0
            } else if (inside) {
                t = tolower(s)
                gsub(/[0-9a-z+\/=]/, "", t)
                if (length(b) > 32768) break
                if (t != "") inside = 0
                else b = b s
            } else {
                gsub(/[ -~\t]/, "", s)
                if (s != "") strange = 1
            }
        }
        close(ARGV[i + 1])
        if (r < 0) print "error " ARGV[i]
        else if (r > 0) print "large " ARGV[i]
        else print "read " ARGV[i] " " n " " (strange ? "binary" : "text")
    }
}' $*
}

# Prints where the files in dw_pending are.
dw_find_certificates() {
    for dw_path in $dw_pending; do
        dw_put "about $dw_path"
        case $dw_path in /*) dw_put_found ;; esac
        dw_put next
        dw_flush
    done
}

dw_look_at_certificates() {
    dw_tell_time
    dw_put "now $dw_time"
    dw_seek dw_find_certificates dw_cut_certificates
}
