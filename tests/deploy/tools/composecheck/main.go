// composecheck FILE...: loads compose files with the loader of docker compose, every profile, and refuses what it
// refuses: unknown keys, undefined networks, volumes and services, cycles, variables that must be set.
// Prints the model as JSON.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/graph"
	"github.com/compose-spec/compose-go/v2/types"
)

func load(ctx context.Context, files []string) ([]byte, error) {
	options, err := cli.NewProjectOptions(files, cli.WithOsEnv, cli.WithConsistency(true),
		cli.WithResolvedPaths(false), cli.WithProfiles([]string{"*"}))
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return nil, err
	}
	nothing := func(context.Context, string, types.ServiceConfig) error { return nil }
	if err := graph.InDependencyOrder(ctx, project, nothing); err != nil {
		return nil, err
	}
	return project.MarshalJSON()
}

func main() {
	text, err := load(context.Background(), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(text))
}
