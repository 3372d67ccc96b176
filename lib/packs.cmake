# packs/*.json and packs/known/*.json, built in: gives the name of the C source that is made from them.
function(kd_pack_source out)
  get_filename_component(top ${CMAKE_CURRENT_FUNCTION_LIST_DIR} DIRECTORY)
  file(GLOB packs CONFIGURE_DEPENDS ${top}/packs/*.json ${top}/packs/known/*.json)
  list(SORT packs)
  set(made ${CMAKE_CURRENT_BINARY_DIR}/builtin_packs.c)
  add_custom_command(OUTPUT ${made}
    COMMAND ${CMAKE_COMMAND} -DOUT=${made} "-DPACKS=${packs}" -P ${top}/lib/embed.cmake
    DEPENDS ${packs} ${top}/lib/embed.cmake VERBATIM)
  set(${out} ${made} PARENT_SCOPE)
endfunction()
