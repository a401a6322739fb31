using Npgsql;

namespace QwenSharp.Server.State;

/// <summary>The address of a PostgreSQL database, as PostgreSQL's own programs take it.</summary>
internal static class PostgresAddress
{
    /// <summary>Whether a text begins as such an address does.</summary>
    public static bool IsOne(string text) =>
        text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// What the driver takes: <c>postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=require</c>; behind the question mark any option
    /// of the driver, among them <c>host</c> for a folder of sockets.
    /// </summary>
    /// <exception cref="ArgumentException">It is no such address. The message does not repeat it, as it may hold a password.</exception>
    public static string ToConnectionString(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? uri))
        {
            throw new ArgumentException(
                "The address of the database is none: it must be like postgres://USER:PASSWORD@HOST:PORT/DATABASE.");
        }

        NpgsqlConnectionStringBuilder builder = new();
        string[] user = uri.UserInfo.Split(':', 2);
        if (uri.Host.Length > 0)
            builder.Host = uri.Host;
        if (uri.Port > 0)
            builder.Port = uri.Port;
        if (user[0].Length > 0)
            builder.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1)
            builder.Password = Uri.UnescapeDataString(user[1]);
        if (uri.AbsolutePath.Trim('/') is { Length: > 0 } database)
            builder.Database = Uri.UnescapeDataString(database);

        foreach (string option in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = option.Split('=', 2);
            try
            {
                builder[Uri.UnescapeDataString(parts[0])] = Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? "");
            }
            catch (ArgumentException)
            {
                throw new ArgumentException(
                    $"The address of the database has the option '{parts[0]}', which is none or has no such value.");
            }
        }

        return builder.Host is { Length: > 0 } ? builder.ConnectionString : throw new ArgumentException(
            "The address of the database names no host: it must be like postgres://USER:PASSWORD@HOST:PORT/DATABASE.");
    }
}
