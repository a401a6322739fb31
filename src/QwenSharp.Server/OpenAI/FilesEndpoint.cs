using System.Globalization;
using QwenSharp.Faults;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Batches;
using QwenSharp.Server.Http;

namespace QwenSharp.Server.OpenAI;

/// <summary><c>/v1/files</c>.</summary>
internal sealed class FilesEndpoint(BatchRunner? batches)
{
    public const string IdParameter = "file";
    private const int MaxPage = 10_000;
    private static readonly string[] Purposes = ["batch", "assistants", "user_data"];

    public async Task UploadAsync(HttpContext http)
    {
        FileStore files = Open().Files;

        // A web page of another origin can post a form without asking the server first, but not without saying where it is from.
        if (!http.Request.HasFormContentType || http.Request.Headers.ContainsKey("Origin"))
        {
            throw new HttpFault(
                StatusCodes.Status415UnsupportedMediaType,
                HttpFaultKind.ContentType,
                "A file is sent as 'multipart/form-data', and not by a web page.");
        }

        IFormCollection form;
        try
        {
            form = await http.Request.ReadFormAsync(http.RequestAborted).ConfigureAwait(false);
        }
        catch (InvalidDataException fault)
        {
            throw new HttpFault(
                StatusCodes.Status400BadRequest, HttpFaultKind.Malformed, $"The form cannot be read: {fault.Message}", fault);
        }

        string purpose = form["purpose"].ToString();
        if (!Purposes.Contains(purpose))
        {
            throw new OptionException(OptionFault.Of(
                FaultKind.OutOfRange, "purpose", $"is '{Excerpt.Of(purpose)}'; it must be one of {string.Join(", ", Purposes)}."));
        }

        DateTimeOffset? expires = ExpiryOf(form);
        if (form.Keys.FirstOrDefault(key => key is not ("purpose" or "expires_after[anchor]" or "expires_after[seconds]")) is { } other)
            throw new OptionNotSupportedException(Excerpt.Of(other), "is not a field that this server honours. Leave it out.");
        if (form.Files is not [{ Name: "file" } file])
            throw new OptionException(OptionFault.Of(FaultKind.Missing, "file", "is required, once: the file itself."));

        Stream content = file.OpenReadStream();
        await using (content.ConfigureAwait(false))
        {
            StoredFile stored = await files
                .AddAsync(
                    batches!.Owner,
                    file.FileName.Replace("\0", "", StringComparison.Ordinal),
                    purpose,
                    expires,
                    content,
                    http.RequestAborted)
                .ConfigureAwait(false);
            await JsonReply.SendAsync(http, Describe(stored), OpenAIJson.Default.FileObject).ConfigureAwait(false);
        }
    }

    public async Task ListAsync(HttpContext http)
    {
        BatchRunner open = Open();
        IQueryCollection query = http.Request.Query;
        IEnumerable<StoredFile> files = await open.Files.ListAsync(open.Seen, http.RequestAborted).ConfigureAwait(false);
        if (query["purpose"].FirstOrDefault() is { Length: > 0 } purpose)
            files = files.Where(file => file.Purpose == purpose);

        files = query["order"].FirstOrDefault() switch
        {
            null or "" or "desc" => files.Reverse(),
            "asc" => files,
            var order => throw new OptionException(
                OptionFault.Of(FaultKind.OutOfRange, "order", $"must be 'asc' or 'desc', not '{Excerpt.Of(order)}'.")),
        };
        Page<FileObject> page = Pages.Of([.. files.Select(Describe)], file => file.Id, query, MaxPage, MaxPage);
        await JsonReply.SendAsync(http, page, OpenAIJson.Default.PageFileObject).ConfigureAwait(false);
    }

    public async Task ShowAsync(HttpContext http) =>
        await JsonReply.SendAsync(http, Describe(await FindAsync(http).ConfigureAwait(false)), OpenAIJson.Default.FileObject)
            .ConfigureAwait(false);

    public async Task DeleteAsync(HttpContext http)
    {
        StoredFile file = await FindAsync(http).ConfigureAwait(false);
        await batches!.Files.DeleteAsync(file.Id, http.RequestAborted).ConfigureAwait(false);
        await JsonReply.SendAsync(http, new Deletion(file.Id, "file"), OpenAIJson.Default.Deletion).ConfigureAwait(false);
    }

    public async Task ContentAsync(HttpContext http)
    {
        StoredFile file = await FindAsync(http).ConfigureAwait(false);
        http.Response.ContentType = "application/octet-stream";
        http.Response.ContentLength = file.Bytes;
        await foreach (byte[] part in batches!.Files.ContentAsync(file.Id, http.RequestAborted).ConfigureAwait(false))
            await http.Response.Body.WriteAsync(part, http.RequestAborted).ConfigureAwait(false);
    }

    private static FileObject Describe(StoredFile file) =>
        new(file.Id, file.Bytes, file.Created.ToUnixTimeSeconds(), file.Name, file.Purpose)
        {
            ExpiresAt = file.Expires?.ToUnixTimeSeconds(),
        };

    private static DateTimeOffset? ExpiryOf(IFormCollection form)
    {
        const string anchor = "expires_after[anchor]", seconds = "expires_after[seconds]";
        if (!form.ContainsKey(anchor) && !form.ContainsKey(seconds))
            return null;
        if (form[anchor] != "created_at")
            throw new OptionException(OptionFault.Of(FaultKind.OutOfRange, anchor, "must be 'created_at'."));

        return int.TryParse(form[seconds], NumberStyles.None, CultureInfo.InvariantCulture, out int time) && time is >= 3600 and <= 2592000
            ? DateTimeOffset.UtcNow.AddSeconds(time)
            : throw new OptionException(
                OptionFault.OutOfRange(seconds, Excerpt.Of(form[seconds].ToString()), Bounds.Between(3600, 2592000)));
    }

    private BatchRunner Open()
    {
        BatchRunner open = batches ?? throw Stateless.Fault();
        open.Require();
        return open;
    }

    private async Task<StoredFile> FindAsync(HttpContext http)
    {
        BatchRunner open = Open();
        string id = (string)http.Request.RouteValues[IdParameter]!;
        return await open.Files.FindAsync(id, open.Seen, http.RequestAborted).ConfigureAwait(false)
            ?? throw new HttpFault(StatusCodes.Status404NotFound, HttpFaultKind.UnknownItem, $"There is no file '{Excerpt.Of(id)}'.");
    }
}
