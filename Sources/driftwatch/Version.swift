/// Shown by `--version`, and in the rows of `workers`.
let driftwatchVersion = "0.1.0"
