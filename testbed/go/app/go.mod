module kubectl-cafe.invalid/testbed/app

go 1.26.0
