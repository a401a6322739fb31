namespace QwenSharp.Agent.Permissions.Commands;

/// <summary>Variables that change what a program says or how loud it is, and never what it runs.</summary>
internal static class SafeVariables
{
    private static readonly HashSet<string> Names =
        ["CI", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "NODE_ENV", "RUST_BACKTRACE",
         "RUST_LOG",
         "DEBUG", "VERBOSE", "LOG_LEVEL", "GOOS", "GOARCH", "CGO_ENABLED", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE",
         "PYTHONIOENCODING",
         "DOTNET_CLI_TELEMETRY_OPTOUT", "DOTNET_NOLOGO", "ASPNETCORE_ENVIRONMENT", "RAILS_ENV", "JEST_WORKERS", "i", "j", "n", "f", "file",
         "name",
         "line", "dir", "x"];

    /// <summary>Whether setting a variable is harmless.</summary>
    public static bool Contains(string name) => Names.Contains(name);
}
