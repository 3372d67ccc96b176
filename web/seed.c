/* seed.c - json-c hashes the names of members with it. There is no other's data to hide from here:
 * each page is its own process. */
int json_c_get_random_seed(void);
int json_c_get_random_seed(void)
{
    return 20;
}
