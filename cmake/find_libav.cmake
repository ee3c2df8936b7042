# FFmpeg's libraries, which come with pkg-config files only, as the target PkgConfig::libav. Shared by the
# build and by the installed package.
pkg_check_modules(libav REQUIRED IMPORTED_TARGET libavcodec libavformat libswscale libavutil)
