#!/usr/bin/env bash
# Finds out which system libraries and fonts the window of SegTool lacks on this machine, and installs them
# if that is possible without asking: apt-get, as root or with a sudo that asks for no password.
# Otherwise names the packages and ends with status 1.
# Usage: tools/install_qt_libraries.sh [PYTHON]    (an interpreter that has PySide6; default .venv/bin/python)
set -eu
cd "$(dirname "$0")/.."
python=${1:-.venv/bin/python}

[ "$(uname -s)" = Linux ] || exit 0

# What the window loads: Qt's own libraries, and the plugins for a screen (X11, Wayland) and for none.
qt_files() {
    local pyside
    pyside=$("$python" -c 'import importlib.util as u; print(u.find_spec("PySide6").submodule_search_locations[0])')
    for name in Core DBus Gui OpenGL Svg WaylandClient Widgets XcbQpa; do
        ls "$pyside/Qt/lib/libQt6$name.so"* 2>/dev/null || true
    done
    for name in platforms/libqoffscreen platforms/libqxcb platforms/libqwayland iconengines/libqsvgicon \
        imageformats/libqsvg wayland-shell-integration/libxdg-shell xcbglintegrations/libqxcb-egl-integration; do
        ls "$pyside/Qt/plugins/$name.so" 2>/dev/null || true
    done
}

missing_libraries() {
    qt_files | while read -r file; do ldd "$file" 2>/dev/null || true; done |
        awk '/not found/ && $1 !~ /^libQt6/ { print $1 }' | sort -u
}

package_of() {
    case $1 in
        libEGL.so.1) echo libegl1 ;;
        libGL.so.1 | libGLX.so.0) echo libgl1 ;;
        libOpenGL.so.0) echo libopengl0 ;;
        libX11-xcb.so.1) echo libx11-xcb1 ;;
        libX11.so.6) echo libx11-6 ;;
        libdbus-1.so.3) echo libdbus-1-3 ;;
        libfontconfig.so.1) echo libfontconfig1 ;;
        libfreetype.so.6) echo libfreetype6 ;;
        libgio-2.0.so.0 | libglib-2.0.so.0 | libgobject-2.0.so.0 | libgthread-2.0.so.0) echo libglib2.0-0 ;;
        libwayland-client.so.0) echo libwayland-client0 ;;
        libwayland-cursor.so.0) echo libwayland-cursor0 ;;
        libwayland-egl.so.1) echo libwayland-egl1 ;;
        libxcb.so.1) echo libxcb1 ;;
        libxcb-cursor.so.0) echo libxcb-cursor0 ;;
        libxcb-glx.so.0) echo libxcb-glx0 ;;
        libxcb-icccm.so.4) echo libxcb-icccm4 ;;
        libxcb-image.so.0) echo libxcb-image0 ;;
        libxcb-keysyms.so.1) echo libxcb-keysyms1 ;;
        libxcb-randr.so.0) echo libxcb-randr0 ;;
        libxcb-render.so.0) echo libxcb-render0 ;;
        libxcb-render-util.so.0) echo libxcb-render-util0 ;;
        libxcb-shape.so.0) echo libxcb-shape0 ;;
        libxcb-shm.so.0) echo libxcb-shm0 ;;
        libxcb-sync.so.1) echo libxcb-sync1 ;;
        libxcb-util.so.1) echo libxcb-util1 ;;
        libxcb-xfixes.so.0) echo libxcb-xfixes0 ;;
        libxcb-xkb.so.1) echo libxcb-xkb1 ;;
        libxkbcommon.so.0) echo libxkbcommon0 ;;
        libxkbcommon-x11.so.0) echo libxkbcommon-x11-0 ;;
        libz.so.1) echo zlib1g ;;
        *) return 1 ;;
    esac
}

has_font() {
    local folder
    for folder in /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" "$HOME/.local/share/fonts"; do
        if [ -n "$(find -L "$folder" \( -name '*.ttf' -o -name '*.otf' -o -name '*.ttc' \) -print -quit 2>/dev/null)" ]; then
            return 0
        fi
    done
    return 1
}

missing_packages() {
    missing_libraries | while read -r library; do package_of "$library" || true; done | sort -u
    # Without any font Qt draws empty boxes instead of letters.
    has_font || echo fonts-dejavu-core
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

can_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

install_packages() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$@" >/dev/null 2>&1
}

command -v ldd >/dev/null || exit 0
packages=$(missing_packages | tr '\n' ' ')
if [ -n "$packages" ] && can_install; then
    echo "Installing system packages for the window: $packages"
    # The words of $packages are package names, to be split.
    # shellcheck disable=SC2086
    install_packages $packages || { as_root apt-get update --quiet >/dev/null 2>&1 && install_packages $packages; } || true
    packages=$(missing_packages | tr '\n' ' ')
fi

libraries=$(missing_libraries | tr '\n' ' ')
if [ -n "$libraries$packages" ]; then
    echo "The window of SegTool may not open on this machine: system libraries or fonts are missing." >&2
    [ -z "$libraries" ] || echo "Missing libraries: $libraries" >&2
    [ -z "$packages" ] || echo "On Debian or Ubuntu they come with: apt-get install $packages" >&2
    exit 1
fi
