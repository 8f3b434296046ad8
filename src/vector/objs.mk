# src/vector (rank 2): batch, selection and validity: the one currency between layers; expression program and kernels
