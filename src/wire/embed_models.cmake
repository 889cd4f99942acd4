# cmake -DOUTPUT=FILE -DMODELS=NAME;... -DFOLDER=DIR -P embed_models.cmake
# Writes a source file that defines cairn::wire::embedded_model over FOLDER/NAME.json.
file(WRITE ${OUTPUT} "#include \"wire/model.h\"\n\nnamespace cairn::wire {\n\nstd::string_view embedded_model(std::string_view name) {\n")
foreach(name IN LISTS MODELS)
  file(READ ${FOLDER}/${name}.json text)
  file(APPEND ${OUTPUT} "    if (name == \"${name}\")\n        return R\"model(")
  file(APPEND ${OUTPUT} "${text}")
  file(APPEND ${OUTPUT} ")model\";\n")
endforeach()
file(APPEND ${OUTPUT} "    return {};\n}\n\n}  // namespace cairn::wire\n")
