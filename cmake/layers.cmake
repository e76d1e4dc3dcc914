# The layers, lowest first. src/<layer>/ becomes the OBJECT library assay_<layer>.
set(ASSAY_LAYERS base stats codec core onnx ops adapters plan report api)

# What a layer may use, itself included: the same law as tools/check_layers.py. Tests and fuzz
# targets link nothing else, so that an upward call does not link.
set(ASSAY_BELOW_base base)
set(ASSAY_BELOW_stats stats base)
set(ASSAY_BELOW_codec codec base)
set(ASSAY_BELOW_core core codec stats base)
set(ASSAY_BELOW_onnx onnx codec base)
set(ASSAY_BELOW_ops ops ${ASSAY_BELOW_core})
set(ASSAY_BELOW_adapters adapters onnx ${ASSAY_BELOW_core})
set(ASSAY_BELOW_plan plan ${ASSAY_BELOW_core})
set(ASSAY_BELOW_report report ${ASSAY_BELOW_core})
set(ASSAY_BELOW_api ${ASSAY_LAYERS})

# assay_layer(NAME FOLDERS folder... LINK libs...): an OBJECT library of every .c/.cpp below the
# folders, so that adding a file (an operation, say) touches no build file.
function(assay_layer name)
  cmake_parse_arguments(arg "" "" "FOLDERS;LINK" ${ARGN})
  set(sources)
  foreach(folder ${arg_FOLDERS})
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.c ${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  if(NOT sources)
    set(sources ${CMAKE_SOURCE_DIR}/cmake/empty.c)
  endif()
  add_library(assay_${name} OBJECT ${sources})
  target_include_directories(assay_${name} PUBLIC ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(assay_${name} PUBLIC ${arg_LINK})
endfunction()

# assay_link_layers(TARGET layer...): the objects of these layers and of everything they may use.
function(assay_link_layers target)
  set(wanted)
  foreach(layer ${ARGN})
    list(APPEND wanted ${ASSAY_BELOW_${layer}})
  endforeach()
  list(REMOVE_DUPLICATES wanted)
  foreach(layer ${wanted})
    target_link_libraries(${target} PRIVATE assay_${layer})
  endforeach()
endfunction()

# assay_link_included(TARGET source): the layers whose headers the source includes. A public header
# other than the two of base means the whole library.
function(assay_link_included target source)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(STRINGS ${source} lines REGEX "^#include \"[a-z]+/")
  set(wanted base)
  foreach(line ${lines})
    string(REGEX REPLACE "^#include \"([a-z]+)/([a-z_0-9]+).*$" "\\1;\\2" parts "${line}")
    list(GET parts 0 folder)
    list(GET parts 1 header)
    if(folder STREQUAL "assay" AND NOT header MATCHES "^(status|version)$")
      list(APPEND wanted api)
    elseif(folder IN_LIST ASSAY_LAYERS)
      list(APPEND wanted ${folder})
    endif()
  endforeach()
  assay_link_layers(${target} ${wanted})
endfunction()
