namespace QwenSharp.Server.State;

/// <summary>
/// One step of the state's schema, taken once in a database. A step that has been published never changes; what comes later is another.
/// </summary>
/// <param name="Name">Its name, such as <c>files-1</c>: what it is for, and which of these it is.</param>
/// <param name="Statements">
/// What it does, in the SQL that SQLite and PostgreSQL share: <c>TEXT</c>, <c>BIGINT</c>, <c>DOUBLE PRECISION</c>, <c>BYTEA</c>,
/// keys that the program makes, times as milliseconds since 1970.
/// </param>
internal sealed record Migration(string Name, params IReadOnlyList<string> Statements);
