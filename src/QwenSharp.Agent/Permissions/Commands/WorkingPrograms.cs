using QwenSharp.Agent.Permissions.Shell;

namespace QwenSharp.Agent.Permissions.Commands;

/// <summary>
/// Programs that build, test and run a project. They run the project's code and are as free as whoever starts them: where there is no
/// sandbox, they are what an agent needs that nobody watches, and the files that their arguments name must be the project's.
/// </summary>
internal static class WorkingPrograms
{
    // The first argument that says what is done, of programs that can do other things as well.
    private static readonly Dictionary<string, string[]> Subcommands = new()
    {
        ["dotnet"] = ["build", "test", "run", "restore", "format", "clean", "publish", "pack", "new", "add", "remove", "sln", "list",
            "msbuild"],
        ["npm"] = ["test", "t", "run", "run-script", "ci", "install", "i", "start", "build", "ls", "init"],
        ["pnpm"] = ["test", "t", "run", "install", "i", "start", "build", "ls"],
        ["yarn"] = ["test", "run", "install", "start", "build"],
        ["bun"] = ["test", "run", "install", "build"],
        ["deno"] = ["test", "check", "lint", "fmt", "run"],
        ["cargo"] = ["build", "test", "check", "run", "fmt", "clippy", "doc", "bench", "new", "init", "add", "tree", "clean", "nextest"],
        ["go"] = ["build", "test", "vet", "run", "fmt", "mod", "list", "generate", "doc", "env"],
        ["mvn"] = ["compile", "test", "package", "verify", "clean"],
        ["gradle"] = ["build", "test", "check", "clean", "assemble"],
        ["bundle"] = ["exec", "install"],
        ["npx"] = ["jest", "tsc", "eslint", "prettier", "vitest", "mocha"],
        ["uv"] = ["run", "sync"],
        ["poetry"] = ["run", "install"],
        ["zig"] = ["build", "test", "run", "fmt"],
        ["swift"] = ["build", "test", "run"],
        ["composer"] = ["install", "test"],
        ["mix"] = ["test", "compile", "format"],
    };

    private static readonly HashSet<string> Whole =
        ["make", "cmake", "ctest", "ninja", "meson", "pytest", "rspec", "rake", "phpunit", "javac", "gcc", "g++", "cc", "c++", "clang",
         "clang++",
         "ld", "ar", "rustc", "rustfmt", "gofmt", "tsc", "eslint", "prettier", "ruff", "black", "isort", "flake8", "mypy", "pyright",
         "jest",
         "vitest", "mocha", "tox", "clang-format", "shellcheck", "csharpier", "chmod"];

    private static readonly HashSet<string> Interpreters =
        ["python", "python3", "node", "ruby", "php", "perl", "lua", "Rscript", "bash", "sh", "java", "ts-node", "tsx", "julia", "elixir"];

    private static readonly HashSet<string> Modules =
        ["pytest", "unittest", "doctest", "py_compile", "compileall", "mypy", "ruff", "black", "flake8", "json.tool"];

    /// <summary>Whether a command is one of them. All its words must be known.</summary>
    public static bool Has(SimpleCommand command)
    {
        if (command.Words is not [{ IsKnown: true } name, ..] || !command.Arguments.All(word => word.IsKnown || !word.MayBeOption))
            return false;

        string[] arguments = [.. command.Arguments.Select(word => word.Text)];
        string program = name.Text;
        if (Subcommands.TryGetValue(program, out string[]? subcommands))
            return arguments.FirstOrDefault(one => !one.StartsWith('-')) is { } first && subcommands.Contains(first);

        return Interpreters.Contains(program) ? RunsFile(program, arguments)
            : program.StartsWith("./", StringComparison.Ordinal) || Whole.Contains(program);
    }

    // A program in a file can be looked at; one in an argument or in the input is gone after it ran.
    private static bool RunsFile(string program, string[] arguments)
    {
        if (program is "python" or "python3" && arguments is ["-m", var module, ..])
            return Modules.Contains(module);

        if (arguments is ["--test", ..] && program == "node")
            return true;

        return arguments is [var first, ..] && !first.StartsWith('-') && first.Length > 0;
    }
}
