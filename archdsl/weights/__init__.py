"""Weight files: safetensors in and out, with a report of what fits and what doesn't.

    header    a file's header, read and checked without reading a tensor
    match     file's keys -> network's keys; what is missing, unused, of another shape: a Report
    order     the same by shape and order, where names don't help
    fill      Report, module -> the module with the file's numbers, all or none
    write     tensors -> a file that carries its spec
    origin    which spec a module or a file comes from

`archdsl weights check` needs `header` and `match` alone, and so neither torch nor safetensors.
"""
