# make install: the program, the library for other programs, and the two libraries that Debian does
# not package beside it. Everything finds everything else by its place ($ORIGIN), so that the tree
# may be moved.
set(assay_docs ${CMAKE_INSTALL_DATADIR}/doc/assay)
if(TARGET assay)
  install(TARGETS assay RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(TARGETS assay_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS assay_archive ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(DIRECTORY include/assay DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.h")
configure_file(cmake/assay.pc.in assay.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/assay.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT development)

install(FILES ${ASSAY_DUCKDB_LIBRARY} DESTINATION ${CMAKE_INSTALL_LIBDIR}
  PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
set(onnxruntime ${ASSAY_DEPS_DIR}/onnxruntime)
install(FILES ${onnxruntime}/lib/libonnxruntime.so DESTINATION ${CMAKE_INSTALL_LIBDIR} OPTIONAL
  PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

install(FILES LICENSE CHANGELOG.md SECURITY.md DESTINATION ${assay_docs})
foreach(document README.md CONTRIBUTING.md)
  install(FILES ${document} DESTINATION ${assay_docs} OPTIONAL)
endforeach()
install(DIRECTORY docs/ DESTINATION ${assay_docs} FILES_MATCHING PATTERN "*.md" PATTERN "decisions" EXCLUDE)
install(DIRECTORY docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR} OPTIONAL)
install(FILES ${onnxruntime}/LICENSE ${onnxruntime}/ThirdPartyNotices.txt
  DESTINATION ${assay_docs}/licences/onnxruntime OPTIONAL)
install(FILES ${ASSAY_DEPS_DIR}/duckdb/lib/LICENSE DESTINATION ${assay_docs}/licences/duckdb OPTIONAL)
